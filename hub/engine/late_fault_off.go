//go:build !fault

package engine

// lateUnsaid reports whether a page keeps silent about being late. None does (P9).
func lateUnsaid() bool { return false }
