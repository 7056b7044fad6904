//go:build !unix || solaris || illumos || aix

package spool

import (
	"os"
	"path/filepath"
)

// lockDir does not keep other processes out on this system.
func lockDir(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
}
