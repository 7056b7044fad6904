package linktest_test

import (
	"bufio"
	"fmt"
	"net"
	"testing"
	"time"

	"keng/proto/link/linktest"
)

// echoes answers UDP and TCP at a port of loopback, and says where packets came from.
func echoes(t *testing.T) (address string, sources chan string) {
	t.Helper()
	address, sources = linktest.FreePort(t, "127.0.0.1"), make(chan string, 1000)
	socket, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close(); listener.Close() })
	go func() {
		b := make([]byte, 2000)
		for {
			n, from, err := socket.ReadFrom(b)
			if err != nil {
				return
			}
			sources <- from.String()
			socket.WriteTo(b[:n], from)
		}
	}()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				lines := bufio.NewScanner(c)
				for lines.Scan() {
					fmt.Fprintln(c, lines.Text())
				}
			}()
		}
	}()
	return address, sources
}

func TestRelay(t *testing.T) {
	address, sources := echoes(t)
	relay := linktest.NewRelay(t, "127.0.0.3:0", address)
	udp, err := net.Dial("udp", relay.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	answered := func() bool {
		fmt.Fprint(udp, "packet")
		udp.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		_, err := udp.Read(make([]byte, 100))
		return err == nil
	}
	if !answered() {
		t.Fatal("a packet is not answered")
	}
	before := <-sources
	relay.Rebind(t)
	if !answered() {
		t.Fatal("a packet is not answered after the port has changed")
	}
	if after := <-sources; after == before {
		t.Errorf("it comes from %s as before", after)
	}
	for name, change := range map[string]func(on bool){
		"UDP blocked":   relay.BlockUDP,
		"cut one way":   func(on bool) { relay.Cut(on, false) },
		"cut the other": func(on bool) { relay.Cut(false, on) },
	} {
		change(true)
		if answered() {
			t.Errorf("%s: a packet is answered", name)
		}
		change(false)
	}
	relay.SetDelay(30 * time.Millisecond)
	if begun := time.Now(); !answered() || time.Since(begun) < 60*time.Millisecond {
		t.Errorf("delayed: answered after %s", time.Since(begun))
	}
	relay.SetDelay(0)

	tcp, err := net.Dial("tcp", relay.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	replies := bufio.NewReader(tcp)
	fmt.Fprintln(tcp, "line")
	if got, err := replies.ReadString('\n'); got != "line\n" {
		t.Errorf("TCP: %q, %v", got, err)
	}
	relay.Cut(false, true)
	fmt.Fprintln(tcp, "late")
	tcp.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if got, err := replies.ReadString('\n'); err == nil {
		t.Errorf("over a cut: %q", got)
	}
	relay.Cut(false, false)
	tcp.SetReadDeadline(time.Now().Add(time.Minute))
	if got, err := replies.ReadString('\n'); got != "late\n" {
		t.Errorf("after the cut: %q, %v", got, err)
	}
	if counts := relay.Counts(); counts.Packets < 4 || counts.Dropped < 2 || counts.Connections != 1 {
		t.Errorf("it counts %+v", counts)
	}
}
