// Package checktest holds the suite that every kind of check passes, and the kind
// of servers that a check must survive.
package checktest

import (
	"context"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"keng/agent/check"
)

// Case is a configuration of a kind, and what a run of it finds.
type Case struct {
	Name   string
	Target string
	// YAML are the kind's own fields, such as "expect_status: 204". May be empty.
	YAML  string
	State check.State
	// Reason is a part of the reason expected. May be empty.
	Reason string
}

// Config is what the suite needs of a kind.
type Config struct {
	Kind check.Kind
	// Cases have at least one that is Up and one that is Down.
	Cases []Case
	// Target makes a target out of the address ("127.0.0.1:1234") of a server, and the
	// fields that go with it. Nil for a kind that connects to no port.
	Target func(address string) (target, yaml string)
	// BadTargets are targets that the kind must not take.
	BadTargets []string
}

// timeout is long enough for a machine that is busy.
const timeout = 20 * time.Second

// Suite holds a kind against what package check demands of it.
func Suite(t *testing.T, config Config) {
	t.Run("describes itself", func(t *testing.T) { describes(t, config.Kind.Describe()) })
	t.Run("refuses what it does not know", func(t *testing.T) { refuses(t, config) })
	for _, c := range config.Cases {
		t.Run(c.Name, func(t *testing.T) { finds(t, config.Kind, c) })
	}
	t.Run("can run many times at once", func(t *testing.T) { concurrent(t, config) })
	t.Run("the agent stops", func(t *testing.T) { cancelled(t, config) })
	if config.Target == nil {
		return
	}
	t.Run("a server that says nothing", func(t *testing.T) { silent(t, config) })
	t.Run("a server that talks rubbish", func(t *testing.T) { rubbish(t, config) })
	t.Run("a server that never ends", func(t *testing.T) { endless(t, config) })
	t.Run("nobody there", func(t *testing.T) { refused(t, config) })
}

// Make builds a check from a target and fields in YAML.
func Make(t testing.TB, kind check.Kind, target, fields string) (check.Check, error) {
	t.Helper()
	node := &yaml.Node{Kind: yaml.MappingNode}
	if fields != "" {
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(fields), &document); err != nil {
			t.Fatalf("the test's own YAML: %v", err)
		}
		node = document.Content[0]
	}
	given, err := check.Decode(kind.Describe().Fields, node)
	if err != nil {
		return nil, err
	}
	values, err := check.Complete(kind.Describe().Fields, given)
	if err != nil {
		return nil, err
	}
	return kind.New(target, values)
}

func mustMake(t *testing.T, kind check.Kind, target, fields string) check.Check {
	t.Helper()
	made, err := Make(t, kind, target, fields)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func describes(t *testing.T, d check.Description) {
	if !regexp.MustCompile(`^[a-z][a-z0-9]*$`).MatchString(d.Name) {
		t.Errorf("the name %q is not a word of the configuration", d.Name)
	}
	both := func(what string, text check.Text) {
		if text.VI == "" || text.EN == "" || text.VI == text.EN {
			t.Errorf("%s is not said in both languages: %q, %q", what, text.VI, text.EN)
		}
	}
	both("the label", d.Label)
	both("the help", d.Help)
	both("the target", d.Target)
	if d.Example == "" {
		t.Error("there is no example of a target")
	}
	seen := map[string]bool{}
	for _, f := range d.Fields {
		if !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(f.Name) || seen[f.Name] {
			t.Errorf("the field %q has no good name, or one that is used twice", f.Name)
		}
		seen[f.Name] = true
		both("the label of "+f.Name, f.Label)
		both("the help of "+f.Name, f.Help)
		if f.Type == check.TypeInteger && f.Max <= f.Min {
			t.Errorf("%s has no bounds", f.Name)
		}
		if f.Type == check.TypeChoice && len(f.Choices) < 2 {
			t.Errorf("%s has no choices", f.Name)
		}
		if f.Default != nil {
			if _, err := check.Complete([]check.Field{f}, check.Values{f.Name: f.Default}); err != nil {
				t.Errorf("the default of %s is not allowed: %v", f.Name, err)
			}
		}
	}
}

func refuses(t *testing.T, config Config) {
	if _, err := Make(t, config.Kind, config.Cases[0].Target, "no_such_field: 1"); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("an unknown field: %v", err)
	}
	for _, target := range append(config.BadTargets, "") {
		if _, err := Make(t, config.Kind, target, ""); err == nil || !strings.HasPrefix(err.Error(), "target: ") {
			t.Errorf("the target %q: %v", target, err)
		}
	}
}

func finds(t *testing.T, kind check.Kind, c Case) {
	result := run(t, mustMake(t, kind, c.Target, c.YAML), timeout)
	if result.State != c.State || !strings.Contains(result.Reason, c.Reason) {
		t.Errorf("found %s, %q; expected %s, %q", result.State, result.Reason, c.State, c.Reason)
	}
}

// run runs a check and holds its result against what every result must be.
func run(t *testing.T, c check.Check, timeout time.Duration) check.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	result := c.Run(ctx)
	wellFormed(t, result)
	return result
}

func wellFormed(t *testing.T, r check.Result) {
	t.Helper()
	if r.Reason == "" || len(r.Reason) > check.ReasonMax || !utf8.ValidString(r.Reason) || check.OneLine(r.Reason) != r.Reason {
		t.Errorf("the reason is not one line: %q", r.Reason)
	}
	if r.Took <= 0 {
		t.Error("it says that it took no time")
	}
	if len(r.Details) > check.DetailsMax {
		t.Errorf("%d details", len(r.Details))
	}
	for key, value := range r.Details {
		if key == "" || !utf8.ValidString(key) {
			t.Errorf("the detail %q has no good name (%q)", key, value)
		}
	}
}

func concurrent(t *testing.T, config Config) {
	c := mustMake(t, config.Kind, config.Cases[0].Target, config.Cases[0].YAML)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := run(t, c, timeout).State; got != config.Cases[0].State {
				t.Errorf("found %s", got)
			}
		})
	}
	wg.Wait()
}

func silent(t *testing.T, config Config) {
	target, yaml := config.Target(serve(t, func(conn net.Conn) { conn.Read(make([]byte, 1)); <-t.Context().Done() }))
	start := time.Now()
	result := run(t, mustMake(t, config.Kind, target, yaml), 300*time.Millisecond)
	if result.State != check.Down || !strings.Contains(result.Reason, "no answer within") {
		t.Errorf("found %s, %q", result.State, result.Reason)
	}
	if took := time.Since(start); took > timeout/2 {
		t.Errorf("it took %s to give up", took)
	}
}

func rubbish(t *testing.T, config Config) {
	target, yaml := config.Target(serve(t, func(conn net.Conn) { conn.Write([]byte("\x00\xff\x1b[31m rubbish\r\n\r\n\r\n")) }))
	if result := run(t, mustMake(t, config.Kind, target, yaml), 2*time.Second); result.State != check.Down {
		t.Errorf("found %s, %q", result.State, result.Reason)
	}
}

// endless sends without an end: whatever the check makes of it, it must come back.
func endless(t *testing.T, config Config) {
	head := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
	line := []byte(strings.Repeat("x", 1023) + "\n")
	target, yaml := config.Target(serve(t, func(conn net.Conn) {
		conn.Read(make([]byte, 1))
		conn.Write(head)
		for {
			if _, err := conn.Write(line); err != nil {
				return
			}
		}
	}))
	run(t, mustMake(t, config.Kind, target, yaml), 2*time.Second)
}

func refused(t *testing.T, config Config) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	target, yaml := config.Target(address)
	if result := run(t, mustMake(t, config.Kind, target, yaml), timeout); result.State != check.Down {
		t.Errorf("found %s, %q", result.State, result.Reason)
	}
}

func cancelled(t *testing.T, config Config) {
	target, yaml := config.Cases[0].Target, config.Cases[0].YAML
	if config.Target != nil {
		target, yaml = config.Target(serve(t, func(net.Conn) { <-t.Context().Done() }))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result := mustMake(t, config.Kind, target, yaml).Run(ctx)
	wellFormed(t, result)
	if result.State != check.Unknown {
		t.Errorf("found %s, %q", result.State, result.Reason)
	}
}

// serve answers each connection with a function until the test ends, and UDP at the
// same port with silence. It returns the address.
func serve(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	packets, err := net.ListenPacket("udp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(t.Context(), func() { conn.Close() })()
				handle(conn)
			})
		}
	})
	open.Go(func() { answerPackets(packets, handle) })
	t.Cleanup(func() {
		listener.Close()
		packets.Close()
		open.Wait()
	})
	return listener.Addr().String()
}

// answerPackets answers each datagram with the first bytes that handle writes.
func answerPackets(packets net.PacketConn, handle func(net.Conn)) {
	buffer := make([]byte, 2048)
	for {
		_, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		near, far := net.Pipe()
		go func() { defer far.Close(); handle(far) }()
		go func() { near.Write([]byte{0}) }()
		near.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		n, _ := near.Read(buffer)
		near.Close()
		if n > 0 {
			packets.WriteTo(buffer[:n], from)
		}
	}
}
