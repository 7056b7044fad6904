//go:build !fault

package pager

// planted reports whether a fault is planted: never.
func planted(string) bool { return false }
