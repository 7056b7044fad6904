// Package zones finds time zones by their IANA names, and reads files of time-zone data.
//
// What a zone's clocks show is decided by governments, at times with a month's notice. The
// data by which that is known comes from three places: a cluster's own, which it
// was given by the machine that founded it or by an administrator (it goes before all else, and
// is the same on all nodes: see hub/state); that of the machine; and that which is built into
// the program. A [Finder] finds in the latter two. Only the leader decides by them, so nodes
// whose machines have other data never disagree.
package zones

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // for machines that have none
)

// Finder finds zones in the data of the machine, or else in that of the program, and
// remembers what it has found: to find a zone reads a file. The zero value is ready. It is
// safe for concurrent use.
type Finder struct{ known sync.Map }

// Find returns a zone. What is another one on each machine is none: "Local", the machine's own
// files such as "localtime", and "right/…", which counts leap seconds where there is one.
func (f *Finder) Find(name string) (*time.Location, error) {
	if zone, known := f.known.Load(name); known {
		return zone.(*time.Location), nil
	}
	if !fs.ValidPath(name) || name == "Local" || ofTheMachine(name) {
		return nil, fmt.Errorf("%q is no IANA time zone", name)
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		f.known.Store(name, zone)
	}
	return zone, err
}

// ofTheMachine reports whether a file of time-zone data is no zone of IANA's, though it is where
// these are: how a machine is set, or all of them once more.
func ofTheMachine(name string) bool {
	switch top, _, _ := strings.Cut(name, "/"); top {
	case "posix", "right", "Factory", "localtime", "posixrules":
		return true
	}
	return false
}
