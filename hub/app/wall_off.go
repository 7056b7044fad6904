//go:build !testwall

package app

import "time"

// wallClock is this machine's wall clock: nil, which stands for time.Now.
func wallClock() func() time.Time { return nil }
