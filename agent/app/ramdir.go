package app

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
)

// The modes of a spool.
const (
	spoolDisk = "disk"
	spoolRAM  = "ram"
)

// ramDir returns a directory in memory for the spool of a data directory: what is there
// outlives the agent, and not the machine's power. It is made, for this user alone.
//
// It is below /dev/shm where there is one; else below the directory for temporary files,
// which is in memory on a router (OpenWrt's /tmp) and may not be elsewhere.
func ramDir(dataDir string) (string, error) {
	absolute, err := filepath.Abs(dataDir)
	if err != nil {
		return "", err
	}
	hash := fnv.New64a()
	hash.Write([]byte(absolute))
	name := fmt.Sprintf("keng-agent-%d-%016x", os.Getuid(), hash.Sum64())
	var errs []error
	for _, parent := range []string{"/dev/shm", os.TempDir()} {
		if info, err := os.Stat(parent); err != nil || !info.IsDir() {
			continue
		}
		dir := filepath.Join(parent, name)
		if err := ownDir(dir); err != nil {
			errs = append(errs, err)
			continue
		}
		return filepath.Join(dir, spoolDir), nil
	}
	return "", errors.Join(errs...)
}

// ownDir sees to it that a directory is there and is nobody else's: others may write where
// it is, and its name can be guessed.
func ownDir(dir string) error {
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
