//go:build fault

package engine

import "os"

// lateUnsaid reports whether a page keeps silent about being late: the tests of P9 must
// then fail.
func lateUnsaid() bool { return os.Getenv("KENG_FAULT") == "p9-late-unsaid" }
