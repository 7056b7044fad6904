// Package spool keeps events on disk until the hub has them.
//
// # Promises
//
//   - An event whose number [Spool.Append] has returned is on the disk (fdatasync):
//     neither kill -9 nor a power cut loses it. [Spool.Next] returns no other events.
//
//   - Events are numbered from 1 without gaps within an epoch, which is random and
//     made with the spool. A number is not given to two events that the hub may
//     have seen, even if the disk has damaged the first.
//
//   - An event is forgotten only after [Spool.Acked], or when the spool is over its
//     bound of bytes or age: then the oldest go first. What is lost, by the bound or by a damaged
//     disk, is said: in its place Next returns an event of kind Dropped.
//
//   - While its directory cannot be written a spool lives in memory ([Limits].RAM), with
//     the same epoch and numbers, and goes back as soon as it can. There its events outlive
//     the process, and not the machine's power.
//
// # On disk
//
//	epoch                        magic, 16 random bytes, CRC; written once
//	acked                        magic, number, CRC; replaced by rename, never synced:
//	                             if it is lost, events are sent twice, which the hub forgives
//	00000000000000000001.events  a segment, named by the number of its first event
//	reserve                      nothing; it is given up when the disk is full
//	lock                         held by the process that has the spool open
//
// A segment is a magic and records. A record is the length of its payload and a
// CRC-32C (Castagnoli) of that length and the payload, both 32 bits little endian,
// and the payload, an agentpb.Event with its number. A segment is only ever
// appended to. A short record at the end of the last one was being written when
// the machine stopped; it was never promised, and is cut off. Damage elsewhere
// costs the records it touches and no others: each knows its number.
package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"keng/proto/agentpb"
)

// Limits bound a spool. Zero values are replaced by the defaults.
type Limits struct {
	// Bytes bounds the segments together. Default 16 MiB (some 50,000 events), at
	// least two segments.
	Bytes int64
	// SegmentBytes is the size from which a segment is not appended to. Default 256 KiB.
	SegmentBytes int64
	// Age bounds how old an event may be. Default 30 days; less than 0 is no bound. An
	// eighth more may be kept. Events of before 2020 are not judged: a router without a
	// clock begins in 1970.
	Age time.Duration
	// RAM is a directory in memory to which the spool goes while its own cannot be written,
	// because its disk is read-only, broken or full; "" is none. What is there outlives the
	// process, but not the machine's power. As soon as it can the spool goes back.
	RAM string
	// Old is where the spool was by another configuration; it is moved from there.
	Old string
}

// The defaults of [Limits], and other bounds.
const (
	defaultBytes        = 16 << 20
	defaultSegmentBytes = 256 << 10
	defaultAge          = 30 * 24 * time.Hour
	// EventMax bounds one event, in bytes.
	EventMax = 64 << 10
	// reserveBytes is what is still accepted when the disk is full.
	reserveBytes = 128 << 10
)

// What a caller may want to tell apart, with [errors.Is].
var (
	// ErrFull: the disk is full, and so is the reserve. Nothing accepted is lost.
	ErrFull = errors.New("the disk is full")
	// ErrTooLong: an event is longer than [EventMax].
	ErrTooLong = errors.New("the event is too long")
	// ErrDamaged: the directory is no spool, or its epoch cannot be read. [SetAside] helps.
	ErrDamaged = errors.New("the spool is damaged")
	// ErrAhead: the hub acknowledges what this spool never wrote: it is an older copy of
	// itself, as after restoring a disk image. [SetAside] helps.
	ErrAhead = errors.New("the hub has seen events that this spool has not written")
	// ErrClosed: the spool is closed.
	ErrClosed = errors.New("the spool is closed")
	// ErrLocked: another process has the spool open.
	ErrLocked = errors.New("another process uses the spool")
)

// Spool is an open spool. It is safe for concurrent use.
type Spool struct {
	home   string // the directory that it was opened in
	limits Limits
	epoch  []byte
	locks  []*os.File

	mu       sync.Mutex
	dir      string        // where it is: at home, or in memory
	left     bool          // it is not at home
	why      error         // why not
	tried    time.Time     // when it last tried to go back
	opened   uint64        // number of the next event when it was opened
	heard    bool          // a hub has said what it has
	segments []segmentInfo // oldest first; the last one is appended to
	active   *os.File      // of the last segment
	dirty    bool          // a failed write may have left bytes after the last segment's size
	next     uint64        // number of the next event
	acked    uint64
	dropped  uint64        // events that the bound has cost since the spool was opened
	saved    uint64        // what the file acked says
	cursor   position      // where the last Next ended
	changed  chan struct{} // closed by Append, and made anew
	closed   bool

	// write is (*os.File).WriteAt; tests make it fail.
	write func(file *os.File, data []byte, at int64) (int, error)
	// sync is dataSync; tests count it.
	sync func(file *os.File) error
}

// segmentInfo is one file of events.
type segmentInfo struct {
	first uint64    // number of its first event, and its name
	size  int64     // bytes that are on the disk
	began time.Time // when its first event happened; zero if it has none, or that is not known
}

// position is a place in a segment: before the record of number, or of the next
// one that is readable.
type position struct {
	segment uint64
	number  uint64
	offset  int64
}

// Open opens the spool in a directory, or makes one. It locks the directory until
// [Spool.Close].
func Open(dir string, limits Limits) (*Spool, error) {
	if limits.SegmentBytes <= 0 {
		limits.SegmentBytes = defaultSegmentBytes
	}
	if limits.Bytes <= 0 {
		limits.Bytes = defaultBytes
	}
	limits.Bytes = max(limits.Bytes, 2*limits.SegmentBytes)
	if limits.Age == 0 {
		limits.Age = defaultAge
	}
	s := &Spool{home: dir, limits: limits, changed: make(chan struct{}), write: (*os.File).WriteAt, sync: dataSync}
	err := s.settle()
	if err == nil {
		s.opened = s.next
		s.keepBound()
	}
	if err != nil {
		s.release()
		return nil, fmt.Errorf("cannot open the spool in %s: %w", dir, err)
	}
	return s, nil
}

// Epoch returns the 16 bytes that name this spool. They must not be changed.
func (s *Spool) Epoch() []byte { return s.epoch }

// NextNumber returns the number that the next event will have.
func (s *Spool) NextNumber() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

// Waiting returns how many events the hub has not acknowledged.
func (s *Spool) Waiting() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next - 1 - s.acked
}

// Dropped returns how many events that the hub has not acknowledged were deleted, since
// the spool was opened, to keep its bound.
func (s *Spool) Dropped() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// Changed returns a channel that is closed when the next event is appended.
func (s *Spool) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Append gives the event its number, writes it and syncs the disk. After an error
// the event is not kept, its number goes to another one, and the spool works on.
func (s *Spool) Append(event *agentpb.Event) (uint64, error) {
	if err := s.AppendAll([]*agentpb.Event{event}); err != nil {
		return 0, err
	}
	return event.GetNumber(), nil
}

// AppendAll appends events in their order with one write and one sync: all of them are
// kept, or after an error none.
func (s *Spool) AppendAll(events []*agentpb.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	var records []byte
	for i, event := range events {
		record, err := encode(event, s.next+uint64(i))
		if err != nil {
			return err
		}
		records = append(records, record...)
	}
	if len(records) == 0 {
		return nil
	}
	s.goHome()
	err := s.appendRecords(records)
	if err != nil {
		if err = s.leave(err); err == nil {
			err = s.appendRecords(records)
		}
	}
	if err != nil {
		return err
	}
	if last := &s.segments[len(s.segments)-1]; last.first == s.next {
		last.began = timeOf(events[0])
	}
	s.next += uint64(len(events))
	close(s.changed)
	s.changed = make(chan struct{})
	s.keepBound()
	return nil
}

// appendRecords writes records to the last segment, or to a new one.
func (s *Spool) appendRecords(records []byte) error {
	last := &s.segments[len(s.segments)-1]
	if last.size >= s.limits.SegmentBytes || s.limits.Age > 0 && !last.began.IsZero() && time.Since(last.began) > s.limits.Age/8 {
		if err := s.withReserve(s.startSegment); err != nil {
			return err
		}
	}
	return s.withReserve(func() error { return s.appendRecord(records) })
}

// timeOf returns when an event happened, zero if that says nothing.
func timeOf(event *agentpb.Event) time.Time {
	if at := event.GetAt().AsTime(); event.GetAt().IsValid() && at.Year() >= 2020 {
		return at
	}
	return time.Time{}
}

// appendRecord writes one or more records to the end of the last segment and syncs it.
func (s *Spool) appendRecord(record []byte) error {
	last := &s.segments[len(s.segments)-1]
	if s.dirty {
		// What a failed write left behind must not be taken for a record.
		if err := s.active.Truncate(last.size); err != nil {
			return fmt.Errorf("cannot undo a failed write: %w", err)
		}
	}
	s.dirty = true
	if _, err := s.write(s.active, record, last.size); err != nil {
		return fmt.Errorf("cannot write the event: %w", err)
	}
	if err := s.sync(s.active); err != nil {
		return fmt.Errorf("cannot sync the event: %w", err)
	}
	s.dirty = false
	last.size += int64(len(record))
	return nil
}

// withReserve tries, and if the disk is full gives up the reserve and tries again.
func (s *Spool) withReserve(try func() error) error {
	err := try()
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	if s.dirty && s.active.Truncate(s.segments[len(s.segments)-1].size) == nil {
		s.dirty = false
	}
	if os.Remove(filepath.Join(s.dir, reserveFile)) == nil {
		if err = try(); !errors.Is(err, syscall.ENOSPC) {
			return err
		}
	}
	return fmt.Errorf("%w: make room on the file system of %s (%w)", ErrFull, s.dir, err)
}

// Resumed is told what a hub has of this spool when a connection to it begins. The first
// time it is [ErrAhead] if that is more than was on the disk when the spool was opened:
// then the disk is older than what the hub was told, and numbers would be used twice.
func (s *Spool) Resumed(through uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.heard && through >= s.opened {
		return fmt.Errorf("%w: it has %d, and here the last one was %d", ErrAhead, through, s.opened-1)
	}
	s.heard = true
	return nil
}

// Acked forgets the events up to and including through. A number that was
// acknowledged before is harmless; one that was never written is [ErrAhead].
func (s *Spool) Acked(through uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case through >= s.next:
		return fmt.Errorf("%w: it acknowledges %d, and the last one is %d", ErrAhead, through, s.next-1)
	case through <= s.acked:
		return nil
	}
	s.acked = through
	freed := false
	for len(s.segments) > 1 && s.segments[1].first <= through+1 {
		if os.Remove(s.path(s.segments[0].first)) != nil {
			break
		}
		s.segments = s.segments[1:]
		freed = true
	}
	if freed {
		makeReserve(s.dir) // there may be room again
	}
	// Not every time, to spare the flash memory of routers.
	const unsavedMax = 64
	if freed || through == s.next-1 || through-s.saved >= unsavedMax {
		// If it cannot be noted, events are sent twice after a restart, which the hub forgives.
		if err := s.saveAcked(); err != nil && s.leave(err) == nil {
			_ = s.saveAcked()
		}
		s.goHome()
	}
	return nil
}

// saveAcked writes the number acknowledged.
func (s *Spool) saveAcked() error {
	if err := writeAcked(s.dir, s.acked); err != nil {
		return fmt.Errorf("cannot note what the hub has: %w", err)
	}
	s.saved = s.acked
	return nil
}

// Close releases the directory.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var err error
	if s.saved != s.acked {
		err = s.saveAcked()
	}
	return errors.Join(err, s.release())
}

// release closes what is open.
func (s *Spool) release() error {
	var errs []error
	for _, file := range append(s.locks, s.active) {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	s.locks, s.active = nil, nil
	return errors.Join(errs...)
}
