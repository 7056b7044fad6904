package app

import (
	"crypto/x509"
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
		own := &authorities{node: "n", now: authority}
		for range 730 { // two years
			time.Sleep(24 * time.Hour)
			leaf, err := x509.ParseCertificate(own.own().Certificate.Certificate[0])
			if err != nil {
				t.Fatal(err)
			}
			if left := time.Until(leaf.NotAfter); left < 3*24*time.Hour || left > 7*24*time.Hour {
				t.Fatalf("the certificate is good for another %s", left)
			}
		}
	})
}
