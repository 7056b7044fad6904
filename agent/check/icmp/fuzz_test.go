package icmp

import (
	"net/netip"
	"testing"

	"golang.org/x/net/icmp"
)

func FuzzDecode(f *testing.F) {
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, to := range []netip.Addr{four, six} {
		family := familyOf(to)
		request, err := family.request(1, 2, [tokenSize]byte{3})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(to.Is6(), reply(family, &icmp.Echo{ID: 1, Seq: 2, Data: make([]byte, dataSize)}))
		f.Add(to.Is6(), refusal(family, 1, to, request))
		f.Add(to.Is6(), request)
	}
	f.Fuzz(func(t *testing.T, isSix bool, packet []byte) {
		family := familyOf(four)
		if isSix {
			family = familyOf(six)
		}
		got, ok := family.decode(packet)
		if ok && got.refusal != "" && (!got.to.IsValid() || got.to.Is6() != isSix) {
			t.Fatal(got)
		}
		if !ok && got != (answer{}) {
			t.Fatal("there is something in what is nothing")
		}
	})
}

func FuzzParsePercent(f *testing.F) {
	for _, text := range []string{"30%", "100", "0.5 %", "NaN", "%", "1e400%", "-1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if percent, err := parsePercent(text); err == nil && !(percent > 0 && percent <= 100) {
			t.Fatal(percent)
		}
	})
}
