package app

import (
	"crypto/x509"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"keng/proto/link"
)

func TestTheHubsOwnCertificateIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		authority, err := link.NewAuthority(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		a := &App{o: Options{NodeID: "n"}, authority: authority, logger: slog.New(slog.DiscardHandler)}
		credentials, err := a.ownCredentials()
		if err != nil {
			t.Fatal(err)
		}
		for range 24 { // two years
			time.Sleep(30 * 24 * time.Hour)
			leaf, err := x509.ParseCertificate(credentials().Certificate.Certificate[0])
			if err != nil {
				t.Fatal(err)
			}
			if left := time.Until(leaf.NotAfter); left < 100*24*time.Hour {
				t.Fatalf("the certificate is good for another %s", left)
			}
		}
	})
}
