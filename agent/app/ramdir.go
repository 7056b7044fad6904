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

// ramDir returns a directory in memory for the spool of a data directory, which may not be
// there yet: what is in it outlives the agent, and not the machine's power.
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
		probe, err := os.CreateTemp(parent, "keng-agent-probe-")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		probe.Close()
		os.Remove(probe.Name())
		return filepath.Join(parent, name), nil
	}
	return "", errors.Join(errs...)
}
