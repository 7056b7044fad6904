//go:build !fault

package engine

// planted reports whether a fault is planted: never.
func planted(string) bool { return false }
