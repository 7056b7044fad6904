package check

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// The names under which this system tells what became of a connection. Those of
// package syscall are inventions on Windows, which no socket ever returns.
const (
	errRefused            = windows.WSAECONNREFUSED
	errReset              = windows.WSAECONNRESET
	errAborted            = windows.WSAECONNABORTED
	errNetworkUnreachable = windows.WSAENETUNREACH
	errHostUnreachable    = windows.WSAEHOSTUNREACH
)

// localErrors are conditions of this machine, besides a missing right.
func localErrors() []syscall.Errno {
	return []syscall.Errno{windows.WSAEMFILE, windows.WSAENOBUFS, windows.WSAEADDRNOTAVAIL, windows.WSAEAFNOSUPPORT}
}

// deniedErrors are how a missing right is told, besides [io/fs.ErrPermission].
func deniedErrors() []syscall.Errno { return []syscall.Errno{windows.WSAEACCES} }
