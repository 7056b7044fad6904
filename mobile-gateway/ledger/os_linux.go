package ledger

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync makes the file's bytes durable. A longer file is one whose size is
// synced too: fdatasync leaves out only what reading does not need.
func datasync(file *os.File) error { return unix.Fdatasync(int(file.Fd())) }
