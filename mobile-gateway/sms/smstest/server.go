// Package smstest is an SMS provider for tests. It speaks the HTTP and JSON of a provider of
// the kind that answers 200 whatever happens and says in the body what did, as many do;
// remembers what it took; and can refuse, stall, lie and be out of order.
package smstest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
)

// Key is the key that the server asks for.
const Key = "smstest-key"

// Message is a message that the server took.
type Message struct {
	To      string `json:"Phone"`
	Text    string `json:"Content"`
	Sender  string `json:"Brandname"`
	ID      string `json:"RequestId"`
	Unicode string `json:"IsUnicode"`
	Key     string `json:"ApiKey"`
}

// The codes of its answers: CodeResult.
const (
	Taken    = "100"
	BadKey   = "101"
	NoMoney  = "103"
	Overload = "118"
	BadPhone = "131"
	Spam     = "146"
	Broken   = "99"
)

// Server is safe for concurrent use.
type Server struct {
	http *httptest.Server

	mu       sync.Mutex
	messages []Message
	tries    map[string]int
	codes    map[string]string // by number
	statuses map[string]int
	stalled  map[string]bool
	lies     map[string]bool
	changed  chan struct{}
	ended    chan struct{}
}

// Start starts a server on a free port of this machine.
func Start() *Server {
	s := &Server{
		tries: map[string]int{}, codes: map[string]string{}, statuses: map[string]int{}, stalled: map[string]bool{},
		lies: map[string]bool{}, changed: make(chan struct{}), ended: make(chan struct{}),
	}
	s.http = httptest.NewServer(http.HandlerFunc(s.take))
	return s
}

// Close ends it.
func (s *Server) Close() {
	close(s.ended)
	s.http.Close()
}

// URL is where messages are taken.
func (s *Server) URL() string { return s.http.URL + "/send" }

// File writes a provider's file for this server, with its key, into a directory, and returns its path.
// more is what else stands in it.
func (s *Server) File(dir, more string) (string, error) {
	key, file := filepath.Join(dir, "sms.key"), filepath.Join(dir, "sms.yaml")
	if err := os.WriteFile(key, []byte(Key+"\n"), 0o600); err != nil {
		return "", err
	}
	text := fmt.Sprintf(`url: %s
secrets: {key: sms.key}
json: {ApiKey: "{{secret.key}}", Phone: "{{to}}", Content: "{{text}}", Brandname: "{{sender}}", IsUnicode: "{{unicode}}", RequestId: "{{id}}"}
sender: KENG
success: {status: [200], pointer: /CodeResult, equals: ["100"]}
id: /SMSID
words: /ErrorMessage
failures:
  - {pointer: /CodeResult, equals: ["101", "103"], failure: misconfigured}
  - {pointer: /CodeResult, equals: ["118"], failure: overloaded}
  - {pointer: /CodeResult, equals: ["131"], failure: dead-contact}
  - {pointer: /CodeResult, equals: ["99"], failure: unavailable}
%s
`, s.URL(), more)
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// Refuse answers messages to a number, "" for all, with a code.
func (s *Server) Refuse(to, code string) { s.set(func() { s.codes[to] = code }) }

// Fail answers messages to a number, "" for all, with an HTTP status and a page of HTML.
func (s *Server) Fail(to string, status int) { s.set(func() { s.statuses[to] = status }) }

// Stall gives messages to a number, "" for all, no answer.
func (s *Server) Stall(to string) { s.set(func() { s.stalled[to] = true }) }

// Lie answers messages to a number with something that is no answer at all, and status 200.
func (s *Server) Lie(to string) { s.set(func() { s.lies[to] = true }) }

func (s *Server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// Messages returns what it took so far, in order.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// Tries returns how often it was asked for a number.
func (s *Server) Tries(to string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries[to]
}

// Wait waits for a message, past ones among it, or returns ctx's error.
func (s *Server) Wait(ctx context.Context, wanted func(Message) bool) (Message, error) {
	for {
		s.mu.Lock()
		changed := s.changed
		for _, m := range s.messages {
			if wanted(m) {
				s.mu.Unlock()
				return m, nil
			}
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

// WaitTried waits until it was asked for a number, whatever the answer.
func (s *Server) WaitTried(ctx context.Context, to string) error {
	for {
		s.mu.Lock()
		changed, tried := s.changed, s.tries[to] > 0
		s.mu.Unlock()
		if tried {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func pick[T any](by map[string]T, to string) (T, bool) {
	one, ok := by[to]
	if !ok {
		one, ok = by[""]
	}
	return one, ok
}

// take takes one message.
func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	var m Message
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&m); err != nil || r.Method != http.MethodPost {
		http.Error(w, "not a message", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.tries[m.To]++
	code, refused := pick(s.codes, m.To)
	status, failed := pick(s.statuses, m.To)
	stalled, _ := pick(s.stalled, m.To)
	lies, _ := pick(s.lies, m.To)
	if m.Key != Key {
		code, refused = BadKey, true
	}
	number := len(s.messages) + 1
	if !refused && !failed && !stalled {
		s.messages = append(s.messages, m)
	}
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	switch {
	case stalled:
		select {
		case <-r.Context().Done():
		case <-s.ended:
		}
	case failed:
		w.WriteHeader(status)
		fmt.Fprint(w, "<html>Bad gateway</html>")
	case lies:
		fmt.Fprint(w, "<html>Welcome</html>")
	case refused:
		fmt.Fprintf(w, `{"CodeResult":%q,"ErrorMessage":"code %s"}`, code, code)
	default:
		fmt.Fprintf(w, `{"CodeResult":"100","SMSID":"sms-%d"}`, number)
	}
}
