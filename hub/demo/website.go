package demo

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// website is a small real website that can go down and come back, at the same address.
// It remembers who visited it.
type website struct {
	address string

	mu     sync.Mutex
	server *http.Server // nil while it is down
	visits []time.Time
}

// newWebsite opens the website on a free port.
func newWebsite() (*website, error) {
	w := &website{address: "127.0.0.1:0"}
	return w, w.up()
}

// URL is its address.
func (w *website) URL() string { return "http://" + w.address + "/" }

// up brings the website up; nothing happens if it is.
func (w *website) up() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.server != nil {
		return nil
	}
	l, err := net.Listen("tcp", w.address)
	if err != nil {
		return fmt.Errorf("the website cannot come up: %w", err)
	}
	w.address = l.Addr().String()
	w.server = &http.Server{Handler: http.HandlerFunc(w.serve), ReadHeaderTimeout: 5 * time.Second}
	go w.server.Serve(l)
	return nil
}

func (w *website) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.visits = append(w.visits, time.Now())
	if len(w.visits) > 1000 {
		w.visits = w.visits[500:]
	}
	w.mu.Unlock()
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintln(rw, "<!doctype html><title>Kẻng</title><h1>Xin chào!</h1>")
}

// down takes the website down: connections to it are refused.
func (w *website) down() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.server == nil {
		return nil
	}
	err := w.server.Close()
	w.server = nil
	return err
}

// visitedSince waits until somebody has visited the website after a moment.
func (w *website) visitedSince(ctx context.Context, t time.Time) error {
	return poll(ctx, func() (bool, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.visits) > 0 && w.visits[len(w.visits)-1].After(t), nil
	})
}

// poll asks until the answer is yes, an error, or ctx ends.
func poll(ctx context.Context, ask func() (bool, error)) error {
	for {
		if ok, err := ask(); ok || err != nil {
			return err
		}
		select {
		case <-time.After(30 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
