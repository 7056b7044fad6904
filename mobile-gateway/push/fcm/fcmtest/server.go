// Package fcmtest is a small honest server of Firebase Cloud Messaging's HTTP v1
// protocol, for tests and for the hub's demo.
//
// It listens on loopback, remembers every message decoded, checks what Google
// checks (bearer token, project, exactly one target, field names, sizes) and
// answers with Google's error bodies. It can also be told to misbehave, as a
// whole or for the phone behind one registration token:
//
//	server, err := fcmtest.New("my-project")
//	defer server.Close()
//	server.Refuse(fcmtest.Unavailable)             // every message, until Accept
//	server.Phone("token-1").Refuse(fcmtest.Unregistered)
//	server.Phone("token-2").Stall()
//
// Beside it stands an OAuth token endpoint that takes signed service-account
// assertions, so that a real credentials file works unchanged: see
// [Server.ServiceAccountJSON].
//
// References: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send,
// https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode and, for the
// token endpoint, RFC 7523.
package fcmtest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Bounds of the server.
const (
	rememberedMax = 10_000           // messages kept; the oldest are forgotten first
	requestMax    = 64 << 10         // bytes of a request's body
	headerTimeout = 10 * time.Second // for a client to say what it wants
)

// Server is one project of Firebase on loopback. It is safe for concurrent use.
type Server struct {
	project string
	key     *rsa.PrivateKey
	http    *http.Server
	url     string
	closing chan struct{} // closed by Close: wakes what stalls

	mu      sync.Mutex // owns all below
	all     mood
	phones  map[string]*mood
	tokens  map[string]time.Time // access tokens and when they expire
	tries   []Message
	changed chan struct{} // closed and replaced whenever tries grows
	count   int
	oauth   mood
	slow    [2]time.Duration // how long answers take, at least and at most
}

// New starts a server for a project on a free port of 127.0.0.1.
func New(project string) (*Server, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("cannot make the service account's key: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot listen for FCM messages: %w", err)
	}
	s := &Server{
		project: project, key: key, url: "http://" + listener.Addr().String(), closing: make(chan struct{}),
		phones: map[string]*mood{}, tokens: map[string]time.Time{}, changed: make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/projects/{project}/{call}", s.send)
	mux.HandleFunc("POST /token", s.grant)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout}
	go s.http.Serve(listener) // ends with Close
	return s, nil
}

// URL is where the server listens, such as http://127.0.0.1:41234. It stands in
// for https://fcm.googleapis.com.
func (s *Server) URL() string { return s.url }

// Project is the project that the server was made for.
func (s *Server) Project() string { return s.project }

// Close stops the server and cuts its connections, also those that stall.
func (s *Server) Close() error {
	s.mu.Lock()
	select {
	case <-s.closing:
	default:
		close(s.closing)
	}
	s.mu.Unlock()
	return s.http.Close()
}

// Messages returns the messages that were accepted, oldest first.
func (s *Server) Messages() []Message {
	return slices.DeleteFunc(s.Tries(), func(m Message) bool { return m.Outcome != "" })
}

// Tries returns all messages that came with a good token to the right project and
// could be read, whatever became of them, oldest first.
func (s *Server) Tries() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tries)
}

// Screen returns what a phone shows that dismissed nothing: the accepted messages
// to its token, each tag only in its newest form, oldest first.
func (s *Server) Screen(token string) []Message {
	var screen []Message
	for _, m := range s.Messages() {
		if m.Token != token {
			continue
		}
		if tag := m.Tag(); tag != "" {
			screen = slices.DeleteFunc(screen, func(old Message) bool { return old.Tag() == tag })
		}
		screen = append(screen, m)
	}
	return screen
}

// Wait returns the first accepted message, past or to come, for which match is true. A
// nil match takes any.
func (s *Server) Wait(ctx context.Context, match func(Message) bool) (Message, error) {
	return s.WaitTry(ctx, func(m Message) bool { return m.Outcome == "" && (match == nil || match(m)) })
}

// WaitTry is [Server.Wait] over [Server.Tries].
func (s *Server) WaitTry(ctx context.Context, match func(Message) bool) (Message, error) {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		for _, m := range s.Tries() {
			if match(m) {
				return m, nil
			}
		}
		select {
		case <-changed:
		case <-s.closing:
			return Message{}, errors.New("the FCM server was closed before the message came")
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

// remember keeps a message and wakes those who wait.
func (s *Server) remember(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tries) >= rememberedMax {
		s.tries = slices.Delete(s.tries, 0, rememberedMax/10)
	}
	s.tries = append(s.tries, m)
	close(s.changed)
	s.changed = make(chan struct{})
}
