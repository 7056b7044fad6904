//go:build unix && !solaris && !illumos && !aix

package spool

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// lockDir keeps other processes out of a directory until the file is closed, or
// this process ends in whatever way (flock(2)).
func lockDir(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrLocked
	}
	return nil, os.NewSyscallError("flock", err)
}
