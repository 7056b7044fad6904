package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// measure looks at the file system of a path (statfs(2)).
func measure(path string) (usage, error) {
	var s unix.Statfs_t
	if err := statfs(path, &s); err != nil {
		return usage{}, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	block := uint64(s.Frsize) // what blocks are counted in, if it is known
	if block == 0 {
		block = uint64(s.Bsize)
	}
	return usage{
		total: (s.Blocks - min(s.Bfree, s.Blocks) + s.Bavail) * block, free: s.Bavail * block,
		inodes: s.Files, freeInodes: s.Ffree,
		readOnly: s.Flags&unix.ST_RDONLY != 0,
	}, nil
}

// statfs is statfs(2), again if a signal interrupted it.
func statfs(path string, s *unix.Statfs_t) error {
	for {
		if err := unix.Statfs(path, s); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
