package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// homeEvery is how long a spool that had to leave its directory waits before it tries to
// go back.
const homeEvery = time.Minute

// holds reports whether a directory has a spool in it.
func holds(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, epochFile))
	return err == nil
}

// settle finds the directory in which the spool is at present, and opens it there: in its
// own; or, if an earlier process had to leave that and the machine was not off since, in
// memory; or, if it cannot be written in its own now, in memory, too.
func (s *Spool) settle() error {
	ram := s.limits.RAM
	if old := s.limits.Old; old != "" && !holds(s.home) && holds(old) {
		// If that fails, what waits there remains there: a new spool must begin all the same.
		if copyFiles(old, s.home) == nil {
			removeFiles(old)
		}
	}
	if ram != "" && holds(ram) && (!holds(s.home) || sameEpoch(s.home, ram)) {
		err := MakeOwn(ram)
		if err == nil {
			err = s.openIn(ram)
		}
		if errors.Is(err, ErrLocked) {
			return err
		}
		if err == nil {
			s.left, s.why = true, errors.New("an earlier run of the agent could not write there")
			s.goHome()
			return nil
		}
	}
	err := s.openIn(s.home)
	if err == nil || ram == "" || errors.Is(err, ErrDamaged) || errors.Is(err, ErrLocked) {
		return err
	}
	s.release()
	if ownErr := MakeOwn(ram); ownErr != nil {
		return errors.Join(err, ownErr)
	}
	if copyErr := copyFiles(s.home, ram); copyErr != nil {
		return errors.Join(err, copyErr)
	}
	if ramErr := s.openIn(ram); ramErr != nil {
		return errors.Join(err, ramErr)
	}
	s.left, s.why, s.tried = true, err, time.Now()
	return nil
}

// openIn opens the spool in a directory, which is made if need be.
func (s *Spool) openIn(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the spool: %w", err)
	}
	s.dir = dir
	return s.open()
}

// sameEpoch reports whether two directories hold copies of one spool.
func sameEpoch(a, b string) bool {
	one, err := readEpoch(a)
	two, otherErr := readEpoch(b)
	return err == nil && otherErr == nil && string(one) == string(two)
}

// leave moves the spool into memory, because its directory takes no more. Epoch and
// numbers go on.
func (s *Spool) leave(why error) error {
	if s.limits.RAM == "" || s.left {
		return why
	}
	if err := MakeOwn(s.limits.RAM); err != nil {
		return errors.Join(why, err)
	}
	if err := s.hold(s.limits.RAM); err != nil {
		return errors.Join(why, err)
	}
	if err := copyFiles(s.dir, s.limits.RAM); err != nil {
		return errors.Join(why, err)
	}
	if err := s.moveTo(s.limits.RAM); err != nil {
		return errors.Join(why, err)
	}
	s.left, s.why, s.tried = true, why, time.Now()
	return nil
}

// goHome moves a spool that had to leave its directory back, if that takes it again. Until
// the last file is there it is where it was.
func (s *Spool) goHome() {
	if !s.left || !s.tried.IsZero() && time.Since(s.tried) < homeEvery {
		return
	}
	s.tried = time.Now()
	if err := os.MkdirAll(s.home, 0o700); err != nil || s.away() != nil || s.hold(s.home) != nil {
		return
	}
	if copyFiles(s.dir, s.home) != nil {
		return
	}
	ram := s.dir
	if s.moveTo(s.home) != nil {
		return
	}
	s.left, s.why = false, nil
	s.giveUp(ram)
	s.keepOnly(s.home)
	makeReserve(s.home)
}

// away says why nothing can be written at home; tests make it fail.
func (s *Spool) away() error {
	probe := filepath.Join(s.home, "probe.new")
	file, err := os.OpenFile(probe, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(probe)
	_, err = s.write(file, []byte("may I?"), 0)
	return errors.Join(err, file.Close())
}

// MakeOwn sees to it that a directory is there and is this user's alone: others may write
// where it is, and its name can be guessed.
func MakeOwn(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return nil
	}
	info, statErr := os.Lstat(dir)
	if statErr != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ownedByUs(info) {
		return fmt.Errorf("%s is not this user's own directory; remove it", dir)
	}
	return nil
}

// giveUp unlocks and removes a directory that the spool has left.
func (s *Spool) giveUp(dir string) {
	removeFiles(dir)
	s.locks = slices.DeleteFunc(s.locks, func(lock *os.File) bool {
		left := filepath.Dir(lock.Name()) == dir
		if left {
			os.Remove(lock.Name())
			lock.Close()
		}
		return left
	})
	os.Remove(dir) // if nothing else is in it
}

// hold locks a directory, unless it is locked by this spool already.
func (s *Spool) hold(dir string) error {
	if slices.ContainsFunc(s.locks, func(lock *os.File) bool { return filepath.Dir(lock.Name()) == dir }) {
		return nil
	}
	lock, err := lockDir(dir)
	if err == nil {
		s.locks = append(s.locks, lock)
	}
	return err
}

// moveTo continues in a directory that has a copy of the spool.
func (s *Spool) moveTo(dir string) error {
	last := s.segments[len(s.segments)-1]
	active, err := os.OpenFile(filepath.Join(dir, segmentName(last.first)), os.O_RDWR, 0o600)
	if err == nil {
		err = active.Truncate(last.size)
	}
	if err != nil {
		return fmt.Errorf("cannot move the spool: %w", err)
	}
	s.active.Close()
	s.dir, s.active, s.dirty = dir, active, false
	return nil
}

// keepOnly deletes the segments that are not the spool's any more.
func (s *Spool) keepOnly(dir string) {
	found, _ := listSegments(dir)
	for _, segment := range found {
		if !slices.ContainsFunc(s.segments, func(ours segmentInfo) bool { return ours.first == segment.first }) {
			os.Remove(filepath.Join(dir, segmentName(segment.first)))
		}
	}
}

// copyFiles copies a spool, oldest segment first and the epoch last: cut off at any moment,
// what is there is the beginning of the spool, or none. Nothing to copy is no error.
func copyFiles(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return fmt.Errorf("cannot copy the spool: %w", err)
	}
	segments, err := listSegments(from)
	if err != nil {
		return nil // there is no spool yet
	}
	names := []string{}
	for _, segment := range segments {
		names = append(names, segmentName(segment.first))
	}
	for _, name := range append(names, ackedFile, epochFile) {
		if err := copyFile(filepath.Join(from, name), filepath.Join(to, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("cannot copy the spool: %w", err)
		}
	}
	return syncDir(to)
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	file, err := os.OpenFile(to+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, io.LimitReader(source, segmentReadMax))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		os.Remove(to + ".new")
		return err
	}
	return os.Rename(to+".new", to)
}

// removeFiles removes a spool that has been copied elsewhere: first the epoch, without
// which it is none.
func removeFiles(dir string) {
	os.Remove(filepath.Join(dir, epochFile))
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, segmentSuffix) || name == ackedFile || name == reserveFile {
			os.Remove(filepath.Join(dir, name))
		}
	}
}

// Away reports why the spool is in memory and not in its directory; nil if it is there.
func (s *Spool) Away() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why
}
