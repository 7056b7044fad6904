//go:build !windows

package check

import "syscall"

// The names under which this system tells what became of a connection.
const (
	errRefused            = syscall.ECONNREFUSED
	errReset              = syscall.ECONNRESET
	errAborted            = syscall.EPIPE // written to after a reset
	errNetworkUnreachable = syscall.ENETUNREACH
	errHostUnreachable    = syscall.EHOSTUNREACH
)

// localErrors are conditions of this machine, besides a missing right.
func localErrors() []syscall.Errno {
	return []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT,
	}
}

// deniedErrors are how a missing right is told, besides [io/fs.ErrPermission].
func deniedErrors() []syscall.Errno { return nil }
