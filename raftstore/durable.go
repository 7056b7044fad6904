package raftstore

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// What is written to disk survives a loss of power only after three steps: the
// file is synced, the directory that names it is synced, and so is every directory
// above that was made for it.

// makeDir makes a directory, with those above it that are missing, and syncs each
// directory that has got a new one.
func makeDir(disk vfs.FS, path string) error {
	if _, err := disk.Stat(path); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot make directory %s: %w", path, err)
	}
	parent := disk.PathDir(path)
	if parent != path {
		if err := makeDir(disk, parent); err != nil {
			return err
		}
	}
	if err := disk.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("cannot make directory %s: %w", path, err)
	}
	return syncDir(disk, parent)
}

// writeFile writes a file as a whole: after a crash it is there with all of b, or
// not at all (or with what it had before).
func writeFile(disk vfs.FS, path string, b []byte) error {
	unfinished := path + ".new"
	f, err := disk.Create(unfinished, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	if err := disk.Rename(unfinished, path); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return syncDir(disk, disk.PathDir(path))
}

// syncDir makes sure that what a directory names is named there after a crash.
func syncDir(disk vfs.FS, path string) error {
	d, err := disk.OpenDir(path)
	if err != nil {
		return fmt.Errorf("cannot sync directory %s: %w", path, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("cannot sync directory %s: %w", path, err)
	}
	return nil
}
