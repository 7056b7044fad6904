//go:build !linux

package ledger

import "os"

func datasync(file *os.File) error { return file.Sync() }
