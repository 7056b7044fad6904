package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/raftstore"
)

// Of a file that cannot be had callers are told nothing about nodes and their addresses; the log is.
func TestErrorsOfFilesTellNothingOfNodes(t *testing.T) {
	const secret = "node n2: dial tcp 10.1.2.3:7444: connection refused"
	err := discreetly(errors.Join(raftstore.ErrNoBlob, errors.New(secret)), "The file cannot be had.")
	if own, ok := errors.AsType[*core.Error](err); !ok || own.Kind != core.Unavailable || own.Words != "The file cannot be had." {
		t.Errorf("callers are told %#v", own)
	}
	if !strings.Contains(err.Error(), secret) {
		t.Errorf("the log is told %v", err)
	}
	for _, other := range []error{nil, fmt.Errorf("read: %w", errors.ErrUnsupported)} {
		if got := discreetly(other, "words"); got != other {
			t.Errorf("%v became %v", other, got)
		}
	}
}
