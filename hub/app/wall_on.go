//go:build testwall

package app

import (
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// wallOffsetFile names the environment variable that names a file with a Go duration, such
// as "8h" or "-5m". It exists only in programs built for tests (tag testwall; Go itself
// has a tag faketime, which stops all clocks).
const wallOffsetFile = "KENG_TEST_WALL_OFFSET_FILE"

// wallLook is how often the file is read.
const wallLook = 20 * time.Millisecond

// wallClock is this machine's wall clock, moved by what the file says now. It is the clock
// of the replicated store only; certificates, HTTP and logs go by the real one.
func wallClock() func() time.Time {
	file := os.Getenv(wallOffsetFile)
	if file == "" {
		return nil
	}
	var mu sync.Mutex
	var looked time.Time
	var offset time.Duration
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if now.Sub(looked) >= wallLook {
			looked = now
			offset = readOffset(file, offset)
		}
		return now.Add(offset)
	}
}

// readOffset reads the file; what is not there is 0, and what is half written is passed over.
func readOffset(file string, before time.Duration) time.Duration {
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return 0
	}
	offset, wrong := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil || wrong != nil {
		return before
	}
	if offset != before {
		slog.Info("the wall clock is moved for a test", "by", offset)
	}
	return offset
}
