//go:build !linux && !darwin && !freebsd && !windows

package disk

// measure is not known on this system.
func measure(string) (usage, error) { return usage{}, errNotSupported }
