//go:build darwin || freebsd

package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// measure looks at the file system of a path (statfs(2)).
func measure(path string) (usage, error) {
	var s unix.Statfs_t
	err := unix.Statfs(path, &s)
	for errors.Is(err, unix.EINTR) {
		err = unix.Statfs(path, &s)
	}
	if err != nil {
		return usage{}, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	block := uint64(s.Bsize)
	// On FreeBSD what is free is less than nothing when root has used its reserve.
	free := uint64(max(int64(s.Bavail), 0))
	return usage{
		total: (s.Blocks - min(s.Bfree, s.Blocks) + free) * block, free: free * block,
		inodes: s.Files, freeInodes: uint64(max(int64(s.Ffree), 0)),
		readOnly: uint64(s.Flags)&unix.MNT_RDONLY != 0,
	}, nil
}
