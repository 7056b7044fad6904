//go:build fault

package direct

import "os"

// planted reports whether a fault was planted on purpose: "p3-mail-anyway" sends what was
// acknowledged while it waited, so that the tests of P3 must fail.
func planted(fault string) bool { return os.Getenv("KENG_FAULT") == fault }
