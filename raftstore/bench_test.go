package raftstore

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkUpdate commits to the real disk, a kilobyte each time.
func BenchmarkUpdate(b *testing.B) {
	for _, writers := range []int{1, 256} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := openDisk(b, b.TempDir())
			defer s.Close()
			value := bytes.Repeat([]byte("x"), 1000)
			update(b, s, "set first 1") // waits for the election
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for n := left.Add(-1); n >= 0; n = left.Add(-1) {
						if _, err := s.Update(b.Context(), NewCommandID(), fmt.Appendf(nil, "set key%d %s", n, value)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}
