package counterpart

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Scenario is how a sipp behaves. Each is a file of this folder.
type Scenario string

// The scenarios.
const (
	Busy       Scenario = "busy"       // its line is engaged: 486
	Declined   Scenario = "declined"   // it rings, and its red button is pressed: 603
	Unanswered Scenario = "unanswered" // it rings until the caller gives up, properly
	Info       Scenario = "info"       // it answers by way of proxies and presses 1 by SIP INFO
)

//go:embed *.xml
var scenarios embed.FS

// Sipp is a running sipp that takes one call.
type Sipp struct {
	port int
	wait func()
}

// StartSipp starts a sipp with a scenario.
func StartSipp(t testing.TB, scenario Scenario) *Sipp {
	t.Helper()
	program := Need(t, "sipp", "sip-tester")
	content, err := scenarios.ReadFile(string(scenario) + ".xml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), string(scenario)+".xml")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	const media = 2 // places after the port for SIP
	s := &Sipp{port: freePorts(t, 8)}
	s.wait = run(t, program, "-sf", file, "-m", "1", "-i", "127.0.0.1", "-p", fmt.Sprint(s.port),
		"-mp", fmt.Sprint(s.port+media), "-nostdin", "-timeout", "60s", "-timeout_error", "-trace_err")
	return s
}

// URI is where it is called.
func (s *Sipp) URI() string { return fmt.Sprintf("sip:phone@127.0.0.1:%d", s.port) }

// Wait waits until the call is over, and fails the test if the caller did not behave as
// the scenario demands.
func (s *Sipp) Wait() { s.wait() }
