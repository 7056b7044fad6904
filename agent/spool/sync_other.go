//go:build !linux

package spool

import "os"

// dataSync puts a file on the disk.
func dataSync(file *os.File) error { return file.Sync() }
