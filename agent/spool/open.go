package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/proto/agentpb"
)

// segmentReadMax bounds how much of a segment is read. A segment is closed at
// SegmentBytes, so it holds less than one event more.
const segmentReadMax = 64 << 20

// segmentSuffix ends the name of a segment.
const segmentSuffix = ".events"

// open locks the directory and reads what is in it, or begins a new spool.
func (s *Spool) open() error {
	err := s.hold(s.dir)
	if err != nil {
		return err
	}
	if s.segments, err = listSegments(s.dir); err != nil {
		return err
	}
	s.epoch, err = readEpoch(s.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && s.isEmpty():
		err = s.create()
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%w: there are events, but no epoch", ErrDamaged)
	case err == nil && len(s.segments) == 0:
		err = fmt.Errorf("%w: there is an epoch, but no events", ErrDamaged)
	}
	if err != nil {
		return err
	}
	if err := s.resume(); err != nil {
		return err
	}
	makeReserve(s.dir)
	return nil
}

// isEmpty reports whether no event was ever kept: a new spool, or one whose making
// was interrupted.
func (s *Spool) isEmpty() bool {
	return len(s.segments) == 0 ||
		len(s.segments) == 1 && s.segments[0].first == 1 && s.segments[0].size <= int64(len(segmentMagic))
}

// create makes a new spool. The epoch comes last: without it there is no spool.
func (s *Spool) create() error {
	s.segments = nil
	s.next = 1
	if err := s.startSegment(); err != nil {
		return err
	}
	if err := s.active.Close(); err != nil {
		return err
	}
	s.active = nil
	var err error
	s.epoch, err = makeEpoch(s.dir)
	return err
}

// resume finds where the last segment ends, and continues there.
func (s *Spool) resume() error {
	last := &s.segments[len(s.segments)-1]
	data, err := readFrom(s.path(last.first), 0, last.size)
	if err != nil {
		return err
	}
	head := min(len(segmentMagic), len(data))
	next, end, rest := survey(data[head:], last.first)
	if string(data[:head]) != segmentMagic && next > last.first {
		rest = tailDamaged
	}
	s.next = next
	if s.acked, err = readAcked(s.dir); err != nil {
		s.acked = 0 // the hub will tell
	}
	s.saved = s.acked
	if rest == tailDamaged {
		s.next = max(next+skipped(len(data)-head-end), s.acked+1)
		return s.startSegment()
	}
	s.next = max(s.next, s.acked+1)
	if s.next > next || head < len(segmentMagic) || string(data[:head]) != segmentMagic {
		return s.startSegment()
	}
	last.size = int64(head + end)
	s.active, err = os.OpenFile(s.path(last.first), os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if rest == tailNone {
		return nil
	}
	if err := s.active.Truncate(last.size); err != nil {
		return err
	}
	return dataSync(s.active)
}

// startSegment begins a new segment with the next number.
func (s *Spool) startSegment() error {
	path := s.path(s.next)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("cannot begin a segment: %w", err)
	}
	_, err = s.write(file, []byte(segmentMagic), 0)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = syncDir(s.dir)
	}
	if err != nil {
		file.Close()
		os.Remove(path)
		return fmt.Errorf("cannot begin a segment: %w", err)
	}
	if s.active != nil {
		s.active.Close()
	}
	// An empty segment of the same number, from an interrupted start, is this one.
	s.segments = slices.DeleteFunc(s.segments, func(old segmentInfo) bool { return old.first == s.next })
	s.active, s.dirty = file, false
	s.segments = append(s.segments, segmentInfo{first: s.next, size: int64(len(segmentMagic))})
	return nil
}

// path returns the file of the segment that begins with a number.
func (s *Spool) path(first uint64) string {
	return filepath.Join(s.dir, segmentName(first))
}

func segmentName(first uint64) string { return fmt.Sprintf("%020d%s", first, segmentSuffix) }

// beginning returns when the first event of a segment happened, zero if that is not known.
func beginning(path string) time.Time {
	data, err := readFrom(path, int64(len(segmentMagic)), int64(len(segmentMagic)+headerBytes+EventMax))
	if err != nil {
		return time.Time{}
	}
	record, ok := decode(data)
	event := &agentpb.Event{}
	if !ok || proto.Unmarshal(record.payload, event) != nil {
		return time.Time{}
	}
	return timeOf(event)
}

// listSegments finds the segments, oldest first.
func listSegments(dir string) ([]segmentInfo, error) {
	entries, err := os.ReadDir(dir) // in the order of their names, which is that of their numbers
	if err != nil {
		return nil, err
	}
	var segments []segmentInfo
	for _, entry := range entries {
		digits, isSegment := strings.CutSuffix(entry.Name(), segmentSuffix)
		if !isSegment || len(digits) != 20 {
			continue
		}
		first, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || first == 0 {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		segments = append(segments, segmentInfo{first: first, size: info.Size(), began: beginning(filepath.Join(dir, entry.Name()))})
	}
	return segments, nil
}

// readFrom reads the bytes of a file from one offset up to another, or to its end
// if that comes first.
func readFrom(path string, from, to int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	length := min(max(to-from, 0), segmentReadMax)
	data := make([]byte, length)
	n, err := file.ReadAt(data, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data[:n], nil
}

// SetAside moves a spool that cannot be used out of the way, so that [Open] makes a
// new one in its place, and returns where it is now. The spool must not be open.
func SetAside(dir string) (string, error) {
	for i := 1; i < 1000; i++ {
		aside := fmt.Sprintf("%s.damaged-%d", dir, i)
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		if err := os.Rename(dir, aside); err != nil {
			return "", fmt.Errorf("cannot set the spool aside: %w", err)
		}
		return aside, nil
	}
	return "", fmt.Errorf("cannot set the spool aside: remove the old copies beside %s", dir)
}
