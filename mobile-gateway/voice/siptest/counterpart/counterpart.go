// Package counterpart runs telephones that are not ours, Debian's baresip and sipp, for
// the tests of whatever calls them:
//
//	phone := counterpart.StartBaresip(t)
//	… have somebody call phone.URI(), and when it rings …
//	phone.Press('a')
//	err := phone.Await(ctx, siptest.Phrase{Language: channel.Vietnamese, Name: phrase.PressOne})
//	phone.Press('1')
//	audio := phone.Heard()
//
//	phone := counterpart.StartSipp(t, counterpart.Busy)
//	… have somebody call phone.URI() …
//	phone.Wait()
//
// They listen on loopback only. A test that needs a program which is not installed is
// skipped, loudly, or fails if CI is set: there all are installed. Package siptest is the
// telephone of our own, which needs nothing.
package counterpart

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Need returns the path of a program, or skips the test; where CI is set it fails it.
// debian is the package that has the program.
func Need(t testing.TB, program, debian string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, program+" is missing", debian)
	}
	return path
}

// missing ends a test whose counterpart is not there.
func missing(t testing.TB, what, debian string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s; apt-get install %s", what, debian)
	}
	t.Skipf("SKIPPED: %s, so a real counterpart was not called; apt-get install %s", what, debian)
}

// Programs take several ports, and say little if one is not free: baresip, for one, goes
// on without a keyboard. So ports are taken from below those that systems give out by
// themselves, and from above those where baresip receives audio: nobody gets one between
// our look and the program's.
const (
	firstPort = 22_000
	lastPort  = 32_000
)

// freePorts returns the first of n ports in a row that are free for UDP and TCP.
func freePorts(t testing.TB, n int) int {
	t.Helper()
	for range 100 {
		first := firstPort + rand.IntN(lastPort-firstPort-n)
		if allFree(first, n) {
			return first
		}
	}
	t.Fatalf("there are no %d free ports in a row between %d and %d", n, firstPort, lastPort)
	return 0
}

func allFree(first, n int) bool {
	for port := first; port < first+n; port++ {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		udp, err := net.ListenPacket("udp", address)
		if err != nil {
			return false
		}
		udp.Close()
		tcp, err := net.Listen("tcp", address)
		if err != nil {
			return false
		}
		tcp.Close()
	}
	return true
}

// run starts a program, which ends with the test at the latest, and returns a function
// that waits for its success.
func run(t testing.TB, program string, arguments ...string) (wait func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	command := exec.CommandContext(ctx, program, arguments...)
	command.Dir = t.TempDir()
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	waited := false
	t.Cleanup(func() {
		cancel()
		if !waited {
			<-ended // its directory is about to be removed
		}
	})
	return func() {
		t.Helper()
		waited = true
		if err := <-ended; err != nil {
			t.Errorf("%s: %v\n%s", filepath.Base(program), err, output.String())
		}
	}
}
