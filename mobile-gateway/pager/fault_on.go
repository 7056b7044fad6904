//go:build fault

package pager

import "os"

// planted reports whether a fault is planted. Each breaks a promise on purpose, so that
// its tests can be seen to fail:
//
//	p3-deaf     what a hub takes back goes on
//	p4-again    a known page is sent again
//	p5-hang     a channel has no deadline
func planted(name string) bool { return os.Getenv("KENG_FAULT") == name }
