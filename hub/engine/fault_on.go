//go:build fault

package engine

import "os"

// planted reports whether a fault is planted. Each breaks a promise on purpose, so that
// its tests can be seen to fail:
//
//	p3-deaf     nobody is told to hang up
//	p3-blind    the alert is not looked at again before its page is handed over
//	p4-unsaid   a page that may have come before does not say so
//	p5-linger   what cannot be handed over is not given up, so that no next method begins
//	p9-silent   a late page does not say so
func planted(name string) bool { return os.Getenv("KENG_FAULT") == name }
