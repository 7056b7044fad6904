package api

import (
	"context"
	"sync"
	"time"
)

// The bounds of what is kept of feeds.
const (
	feedKept      = time.Minute
	feedsKeptMax  = 1000     // answers
	feedsKeptSize = 16 << 20 // bytes of all
)

// feedAnswers keeps what was answered at the addresses of feeds, which need no key, for a minute, and lets one at a
// time be written: whoever has addresses cannot keep a node from its work with them. Safe for concurrent use.
type feedAnswers struct {
	turn  chan struct{} // holds one thing while a feed is being written
	mutex sync.Mutex
	kept  map[string]keptFeed
	size  int
}

// keptFeed is an answer, and since when it is kept.
type keptFeed struct {
	*feedFile
	at time.Time
}

func newFeedAnswers() *feedAnswers {
	return &feedAnswers{turn: make(chan struct{}, 1), kept: map[string]keptFeed{}}
}

// get returns what is kept under a name, or writes it when it is its turn. It waits for that for at most
// [CommandTimeout]. What it returns is shared.
func (f *feedAnswers) get(ctx context.Context, name string, now func() time.Time, write func(context.Context) (*feedFile, error)) (*feedFile, error) {
	if file := f.known(name, now()); file != nil {
		return file, nil
	}
	ctx, cancel := context.WithTimeout(ctx, CommandTimeout)
	defer cancel()
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		if file := f.known(name, now()); file != nil {
			return file, nil
		}
		return nil, ctx.Err()
	}
	if file := f.known(name, now()); file != nil { // others have waited for the same
		return file, nil
	}
	file, err := write(ctx)
	if err == nil {
		f.keep(name, keptFeed{file, now()})
	}
	return file, err
}

// known returns what is kept under a name and not too old, nil if there is nothing.
func (f *feedAnswers) known(name string, now time.Time) *feedFile {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	k, ok := f.kept[name]
	if age := now.Sub(k.at); !ok || age < 0 || age >= feedKept {
		return nil
	}
	return k.feedFile
}

// keep keeps an answer. What is too old goes when there is no room, and if that is not enough all does.
func (f *feedAnswers) keep(name string, k keptFeed) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	full := func() bool { return len(f.kept) >= feedsKeptMax || f.size+len(k.bytes) > feedsKeptSize }
	f.drop(func(n string, _ keptFeed) bool { return n == name })
	if full() {
		f.drop(func(_ string, old keptFeed) bool { return k.at.Sub(old.at) >= feedKept })
	}
	if full() {
		f.drop(func(string, keptFeed) bool { return true })
	}
	if !full() {
		f.kept[name] = k
		f.size += len(k.bytes)
	}
}

// drop forgets the answers that are meant.
func (f *feedAnswers) drop(meant func(name string, k keptFeed) bool) {
	for name, k := range f.kept {
		if meant(name, k) {
			delete(f.kept, name)
			f.size -= len(k.bytes)
		}
	}
}
