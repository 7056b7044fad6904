package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"keng/proto/channel"
)

// compactMin is the least size in bytes at which the file is rewritten while the
// gateway runs.
const compactMin = 1 << 20

// load reads the file, ends what was cut off, and rewrites the file.
func (l *Ledger) load() error {
	file, err := os.Open(l.path())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		err = l.codec.read(file, l.apply)
		file.Close()
	} else {
		err = nil
	}
	if errors.Is(err, errDamaged) {
		aside := l.path() + ".damaged"
		l.options.Logger.Error("the gateway's ledger is damaged: pages of the last day may be sent twice", "kept", len(l.pages), "aside", aside, "error", err)
		err = os.Rename(l.path(), aside)
	}
	if err != nil {
		return fmt.Errorf("cannot read the ledger: %w", err)
	}
	now := time.Now()
	for _, id := range l.InFlight() {
		l.interrupt(id, now)
	}
	l.forget(now)
	return l.compact()
}

// apply brings a record of the file into memory. A record that contradicts what
// came before it is passed over.
func (l *Ledger) apply(r record) {
	l.term = max(l.term, r.Term)
	switch r.Kind {
	case pageBegun:
		if l.pages[r.Page] != nil || r.Page == "" || len(r.Page) > IDMax {
			return
		}
		begun := time.UnixMilli(r.At)
		l.forget(begun)
		l.begin(r.Page, r.Term, begun)
	case reportMade:
		e := l.pages[r.Page]
		if e != nil && !e.finished() && int(r.Number) == len(e.reports)+1 && r.Number <= ReportsMax {
			e.reports = append(e.reports, r.report())
			l.unacked[r.Page] = struct{}{}
		}
	case reportsAcked:
		l.ack(r.Page, r.Number)
	}
}

// interrupt ends a page that a restart cut off. It is written by the compaction
// that follows.
func (l *Ledger) interrupt(id string, now time.Time) {
	e := l.pages[id]
	e.reports = append(e.reports, channel.Report{
		Page: id, Number: uint32(len(e.reports) + 1), At: now.UTC().Truncate(time.Millisecond),
		Stage: channel.Failed, Failure: channel.Unavailable, Detail: Interrupted,
	})
	l.unacked[id] = struct{}{}
}

// append writes a record at the end of the file. What a failed write leaves there is overwritten by
// the next. mu is held.
func (l *Ledger) append(r record) error {
	bytes, err := l.codec.appendRecord(nil, r)
	if err != nil {
		return fmt.Errorf("cannot encode a ledger record: %w", err)
	}
	if _, err := l.file.WriteAt(bytes, l.size); err != nil {
		return fmt.Errorf("cannot write the ledger: %w", err)
	}
	l.size += int64(len(bytes))
	l.written += int64(len(bytes))
	return nil
}

// Sync returns when all that was noted before the call is on the disk itself
// (fdatasync). Callers at the same time share one.
func (l *Ledger) Sync() error {
	l.mu.Lock()
	goal := l.written
	l.mu.Unlock()
	l.syncing.Lock()
	defer l.syncing.Unlock()
	if l.synced >= goal {
		return nil
	}
	l.mu.Lock()
	file, goal := l.file, l.written
	l.mu.Unlock()
	if err := datasync(file); err != nil {
		return fmt.Errorf("cannot sync the ledger: %w", err)
	}
	l.synced = goal
	return nil
}

// compactIfLarge rewrites the file when it has doubled. No lock is held.
func (l *Ledger) compactIfLarge() {
	l.mu.Lock()
	large := l.size > max(compactMin, 2*l.base)
	l.mu.Unlock()
	if !large {
		return
	}
	l.syncing.Lock()
	defer l.syncing.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size <= max(compactMin, 2*l.base) {
		return // another goroutine was quicker
	}
	l.forget(time.Now())
	if err := l.compact(); err != nil {
		l.base = l.size // do not try again before it has doubled
		l.options.Logger.Error("cannot rewrite the gateway's ledger; it grows", "error", err)
	}
}

// compact writes what is known to a new file and puts it in place of the old one:
// write, fsync, rename, fsync of the directory. Both locks are held, or nobody else has
// the ledger yet.
func (l *Ledger) compact() error {
	temporary := l.path() + ".new"
	file, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("cannot rewrite the ledger: %w", err)
	}
	size, err := l.writeAll(file)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = os.Rename(temporary, l.path())
	}
	if err != nil {
		file.Close()
		return fmt.Errorf("cannot rewrite the ledger: %w", err)
	}
	if l.file != nil {
		l.file.Close()
	}
	l.file, l.size, l.base, l.synced = file, size, size, l.written
	return syncDir(l.dir)
}

func (l *Ledger) writeAll(file *os.File) (int64, error) {
	writer := bufio.NewWriter(file)
	size, _ := writer.WriteString(magic) // an error stays in the writer until Flush
	var buffer []byte
	put := func(r record) error {
		var err error
		if buffer, err = l.codec.appendRecord(buffer[:0], r); err == nil {
			_, err = writer.Write(buffer)
			size += len(buffer)
		}
		return err
	}
	err := put(record{Kind: termSeen, Term: l.term})
	for _, id := range l.order {
		e := l.pages[id]
		err = errors.Join(err, put(record{Kind: pageBegun, Page: id, At: e.begun.UnixMilli(), Term: e.term}))
		for _, report := range e.reports {
			err = errors.Join(err, put(recordOf(report)))
		}
		if e.acked > 0 {
			err = errors.Join(err, put(record{Kind: reportsAcked, Page: id, Number: e.acked}))
		}
		if err != nil {
			return 0, err
		}
	}
	return int64(size), errors.Join(err, writer.Flush())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
