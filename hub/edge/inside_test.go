package edge

import (
	"errors"
	"testing"
	"time"

	"keng/proto/link"
)

func TestCredentialsAreRenewedAtHalfTheirLife(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	made := 0
	renew := func(time.Time) (link.Credentials, error) { made++; return link.Credentials{}, nil }
	r := &renewed{made: begin}
	r.get(begin.Add(link.DefaultLifetime/2), renew)
	if made != 0 {
		t.Error("renewed before half the life was over")
	}
	late := begin.Add(link.DefaultLifetime/2 + time.Second)
	r.get(late, func(time.Time) (link.Credentials, error) { return link.Credentials{}, errors.New("no") })
	r.get(late, renew)
	r.get(late, renew)
	if made != 1 {
		t.Errorf("renewed %d times after a failure and a success, want once", made)
	}
}
