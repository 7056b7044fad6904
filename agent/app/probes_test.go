package app

import (
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const routes = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wlan0	00000000	0102A8C0	0003	0	0	600	00000000	0	0	0
eth0	00000000	0100A8C0	0003	0	0	100	00000000	0	0	0
eth1	00000000	0103A8C0	0002	0	0	1	00000000	0	0	0
eth0	0000A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
`

func TestTheDefaultGateway(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the kernel writes addresses in the machine's own byte order, and the text is of a little-endian one")
	}
	if got := parseRoutes(strings.NewReader(routes)); got != "192.168.0.1" {
		t.Errorf("the default gateway is %q", got)
	}
	for _, text := range []string{"", "rubbish", "Iface\n", strings.ReplaceAll(routes, "0003", "zzzz"), strings.ReplaceAll(routes, "0100A8C0", "00000000")[:200]} {
		if got := parseRoutes(strings.NewReader(text)); got != "" && got != "192.168.2.1" {
			t.Errorf("%q gives %q", text, got)
		}
	}
}

func FuzzParseRoutes(f *testing.F) {
	f.Add(routes)
	f.Fuzz(func(t *testing.T, text string) {
		if got := parseRoutes(strings.NewReader(text)); got != "" && net.ParseIP(got) == nil {
			t.Fatalf("%q is no address", got)
		}
	})
}

func TestARefusalIsAnAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if !askProbe(t.Context(), address) {
		t.Error("a server that listens does not answer")
	}
	listener.Close()
	if !askProbe(t.Context(), address) || !askProbe(t.Context(), "127.0.0.1") {
		t.Error("a machine that refuses does not answer")
	}
}

func TestWhatAnsweredIsRemembered(t *testing.T) {
	dir := t.TempDir()
	known := loadKnownProbes(dir)
	if known.has("a") {
		t.Error("it knows without having asked")
	}
	for range 2 {
		if err := known.add("a"); err != nil {
			t.Fatal(err)
		}
	}
	if again := loadKnownProbes(dir); !again.has("a") || again.has("b") || len(again.names) != 1 {
		t.Error(again.names)
	}
	os.WriteFile(filepath.Join(dir, probesFile), []byte("rubbish"), 0o600)
	if again := loadKnownProbes(dir); len(again.names) != 0 {
		t.Error(again.names)
	}
}

func TestWhatIsLocal(t *testing.T) {
	local := newLocality()
	for host, want := range map[string]bool{
		"": true, "localhost": true, "LOCALHOST.": true, "web.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true,
		"192.0.2.1": false, "example.vn": false, "2001:db8::1": false,
	} {
		if local.is(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}

func TestHubsAreSavedAndLearned(t *testing.T) {
	dir := t.TempDir()
	hubs, err := newHubList(dir, []string{"a:1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := hubs.learn([]string{"b:2", "nonsense", "a:1"}); err != nil {
		t.Fatal(err)
	}
	again, err := newHubList(dir, nil)
	if err != nil || strings.Join(again.addresses(), " ") != "a:1 b:2" {
		t.Fatal(again, err)
	}
	os.WriteFile(filepath.Join(dir, hubsFile), []byte("{"), 0o600)
	if _, err := newHubList(dir, nil); err == nil || !strings.Contains(err.Error(), "join again") {
		t.Error(err)
	}
	if _, err := newHubList(dir, []string{"a:1"}); err != nil {
		t.Error(err)
	}
}
