package spool

import (
	"os"
	"syscall"
)

// dataSync puts a file's bytes and its length on the disk (fdatasync(2)), but not its times.
func dataSync(file *os.File) error {
	for {
		err := syscall.Fdatasync(int(file.Fd()))
		if err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
