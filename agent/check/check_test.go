package check_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"keng/agent/check"
	"keng/agent/check/all"
)

func TestOneLine(t *testing.T) {
	long := check.OneLine(strings.Repeat("kẻng ", 100))
	if len(long) > check.ReasonMax || !utf8.ValidString(long) || !strings.HasSuffix(long, "…") {
		t.Errorf("%d bytes: %s", len(long), long)
	}
	for text, want := range map[string]string{
		" a\n\tb\x1b[31m ": "a b [31m", "x\xff\u2028y": "x y", "": "", "Kẻng": "Kẻng",
	} {
		if got := check.OneLine(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func fields() []check.Field {
	return []check.Field{
		{Name: "text", Type: check.TypeText, Max: 5},
		{Name: "number", Type: check.TypeInteger, Default: int64(7), Min: 1, Max: 10},
		{Name: "truth", Type: check.TypeBoolean, Default: true},
		{Name: "choice", Type: check.TypeChoice, Choices: []string{"a", "b"}, Default: "a"},
		{Name: "texts", Type: check.TypeTexts, Max: 2},
		{Name: "pairs", Type: check.TypePairs, Max: 1},
		{Name: "must", Type: check.TypeText, Required: true, Help: check.Text{EN: "what must be"}},
	}
}

func decode(t *testing.T, text string) (check.Values, error) {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return check.Decode(fields(), document.Content[0])
}

func TestDecodeAndComplete(t *testing.T) {
	given, err := decode(t, "{text: 12, truth: false, texts: one, pairs: {k: v}, must: x}")
	if err != nil {
		t.Fatal(err)
	}
	values, err := check.Complete(fields(), given)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(values.Text("text"), values.Integer("number"), values.Boolean("truth"), values.Text("choice"),
		values.Texts("texts"), values.Pairs("pairs"), values.Text("must"))
	if want := "12 7 false a [one] map[k:v] x\n"; got != want {
		t.Errorf("%s instead of %s", got, want)
	}
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"text: [1]":           "line 1: text: must be a text",
		"text: ":              "line 1: text: must be a text",
		"text: abcdef":        "line 1: text: is too long: 6, and at most 5 are allowed",
		"\nnumber: 11":        "line 2: number: 11 is out of bounds; give 1 to 10",
		"number: x":           "number: must be a whole number",
		"truth: perhaps":      "truth: must be true or false",
		"choice: c":           `choice: "c" is none of its choices; give one of a, b`,
		"texts: [a, b, c]":    "texts: is too long",
		"texts: {a: b}":       "texts: must be a list of texts",
		"pairs: [a]":          "pairs: must be a map of texts",
		"pairs: {a: b, c: d}": "pairs: is too long",
		"nothing: 1":          "nothing: unknown key; known are text, number",
		"{text: a, text: b}":  "text: is given twice",
		"[1]":                 "must be a map",
	} {
		if _, err := decode(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestCompleteSaysWhatIsWrong(t *testing.T) {
	_, err := check.Complete(fields(), check.Values{"number": 3, "other": "x"})
	for _, want := range []string{"must: is missing (what must be)", "number: must be a whole number", "other: unknown key"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

// What this machine could not do is never Down.
func TestFailed(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	dial := func(err error) error {
		return &url.Error{Op: "Get", URL: "http://x/", Err: &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}, Err: os.NewSyscallError("connect", err)}}
	}
	for name, c := range map[string]struct {
		ctx    context.Context
		err    error
		state  check.State
		reason string
	}{
		"stopping":      {ended, context.Canceled, check.Unknown, "interrupted"},
		"deadline":      {late, context.DeadlineExceeded, check.Down, "no answer within 2s"},
		"time-out":      {t.Context(), os.ErrDeadlineExceeded, check.Down, "no answer within 2s"},
		"refused":       {t.Context(), dial(syscall.ECONNREFUSED), check.Down, "connection refused (192.0.2.1:80)"},
		"reset":         {t.Context(), dial(syscall.ECONNRESET), check.Down, "connection reset"},
		"no route":      {t.Context(), dial(syscall.EHOSTUNREACH), check.Down, "no route to host"},
		"cable pulled":  {t.Context(), dial(syscall.ENETUNREACH), check.Down, "network is unreachable"},
		"no permission": {t.Context(), dial(syscall.EPERM), check.Unknown, "this machine could not run the check"},
		"no sockets":    {t.Context(), dial(syscall.EMFILE), check.Unknown, "this machine could not run the check"},
		"no ports":      {t.Context(), dial(syscall.EADDRNOTAVAIL), check.Unknown, "this machine could not run the check"},
		"no name":       {t.Context(), &net.DNSError{Name: "x.vn", Err: "no such host", IsNotFound: true}, check.Down, "the name x.vn does not exist"},
		"no resolver":   {t.Context(), &net.DNSError{Name: "x.vn", Err: "server misbehaving"}, check.Down, "could not be resolved"},
		"anything else": {t.Context(), errors.New("odd\nthing"), check.Down, "odd thing"},
	} {
		got := check.Failed(c.ctx, c.err, 2*time.Second)
		if got.State != c.state || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s: %s, %q", name, got.State, got.Reason)
		}
	}
}

func TestRedact(t *testing.T) {
	for target, want := range map[string]string{
		"http://a:secret@b/": "http://a:xxxxx@b/", "http://b/?q=1": "http://b/?q=1", "example.vn": "example.vn",
	} {
		if got := check.Redact(target); got != want {
			t.Errorf("%s becomes %s", target, got)
		}
	}
}

func TestKindsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range all.Kinds() {
		name := kind.Describe().Name
		if found, ok := all.Find(name); seen[name] || !ok || found != kind {
			t.Errorf("the kind %s is not found by its name", name)
		}
		seen[name] = true
	}
	if _, ok := all.Find("nothing"); ok {
		t.Error("a kind is found that is not there")
	}
}
