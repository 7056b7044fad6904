package raftstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"keng/raftstore/table"
)

// The tests' commands are text: "set K V", "del K", "get K", "append K V",
// "fail K V" (sets and fails), "panic K V" (sets and panics), "scan", "big N".

var errWanted = errors.New("the command wants to fail")

func handleText(tx table.Tx, now time.Time, command []byte) ([]byte, error) {
	words := strings.Split(string(command), " ")
	key := []byte(words[min(1, len(words)-1)])
	value := []byte(words[len(words)-1])
	switch words[0] {
	case "set":
		tx.Set(key, value)
	case "del":
		tx.Delete(key)
	case "get":
		value, _ := tx.Get(key)
		return value, nil
	case "append":
		old, _ := tx.Get(key)
		tx.Set(key, append(old[:len(old):len(old)], value...))
	case "fail":
		tx.Set(key, value)
		return nil, errWanted
	case "panic":
		tx.Set(key, value)
		panic("the command wants to panic")
	case "now":
		return []byte(now.Format(time.RFC3339Nano)), nil
	default:
		return nil, fmt.Errorf("unknown command %q", command)
	}
	return []byte("done " + string(command)), nil
}

func testLogger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// openMemory opens a node in memory that is closed with the test.
func openMemory(t testing.TB, change ...func(*Options)) *Store {
	t.Helper()
	o := Options{Handle: handleText, Logger: testLogger(t)}
	for _, f := range change {
		f(&o)
	}
	s, err := OpenInMemory(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func update(t testing.TB, s *Store, command string) string {
	t.Helper()
	result, err := s.Update(t.Context(), NewCommandID(), []byte(command))
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return string(result)
}

// dump returns everything of the user's, as "k=v k=v".
func dump(t testing.TB, s *Store, level Level) string {
	t.Helper()
	var pairs []string
	err := s.View(context.WithoutCancel(t.Context()), level, func(r table.Reader) error {
		for k, v := range r.Scan(nil, nil) {
			pairs = append(pairs, string(k)+"="+string(v))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(pairs, " ")
}

// quiet is for tests that make the store complain.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
