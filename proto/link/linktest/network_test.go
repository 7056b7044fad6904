package linktest_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"keng/proto/link/linktest"
)

// arrives waits up to a minute for a packet and returns it.
func arrives(t *testing.T, pc net.PacketConn) (string, net.Addr) {
	t.Helper()
	pc.SetReadDeadline(time.Now().Add(time.Minute))
	b := make([]byte, 2000)
	n, from, err := pc.ReadFrom(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "nothing", nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n]), from
}

func TestNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := linktest.NewNetwork(30 * time.Millisecond)
		a, b := network.Listen("a"), network.Listen("b")
		defer a.Close()
		begun := time.Now()
		send := func(s string) {
			t.Helper()
			if _, err := a.WriteTo([]byte(s), b.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		send("one")
		send("two")
		if got, from := arrives(t, b); got != "one" || from.String() != a.LocalAddr().String() || time.Since(begun) != 30*time.Millisecond {
			t.Errorf("%q from %v after %s", got, from, time.Since(begun))
		}
		if got, _ := arrives(t, b); got != "two" {
			t.Errorf("second: %q", got)
		}

		send("slow")
		network.SetDelay(time.Millisecond)
		send("quick")
		if got, _ := arrives(t, b); got != "quick" {
			t.Errorf("with another delay: %q", got)
		}
		network.Cut("b", "a") // also what is under way
		send("cut")
		if got, _ := arrives(t, b); got != "nothing" {
			t.Errorf("over a cut: %q", got)
		}
		network.Heal("a", "b")
		network.SetLoss(0.5)
		lost := 0
		for range 1000 {
			send("x")
			b.SetReadDeadline(time.Now().Add(time.Second))
			if _, _, err := b.ReadFrom(make([]byte, 1)); err != nil {
				lost++
			}
		}
		if lost < 400 || lost > 600 {
			t.Errorf("%d of 1000 lost, want about half", lost)
		}

		network.SetLoss(0)
		address := b.LocalAddr().String()
		b.Close()
		if _, _, err := b.ReadFrom(nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("reading a closed socket: %v", err)
		}
		send("to nobody")
		b = network.Listen("b")
		defer b.Close()
		if got, _ := arrives(t, b); got != "nothing" || b.LocalAddr().String() != address {
			t.Errorf("after its restart %s got %q, before it was %s", b.LocalAddr(), got, address)
		}
		if found, err := network.Resolve(t.Context(), "b:7443"); err != nil || found.String() != address {
			t.Errorf("b is at %v, %v", found, err)
		}
	})
}
