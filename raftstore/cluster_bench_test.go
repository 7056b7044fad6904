package raftstore_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"keng/raftstore"
	"keng/raftstore/storetest"
)

// BenchmarkThreeNodes is writers of a kilobyte each on three nodes in one process, over
// TLS and with their logs on disk: through the leader, or through a follower.
func BenchmarkThreeNodes(b *testing.B) {
	for _, through := range []string{"leader", "follower"} {
		for _, writers := range []int{1, 256} {
			b.Run(fmt.Sprintf("through=%s/writers=%d", through, writers), func(b *testing.B) {
				authority, dir := storetest.NewAuthority(b), b.TempDir()
				nodes := []*raftstore.Store{openTCP(b, authority, filepath.Join(dir, "a"), "a", bootstrap)}
				append1(b, nodes[0], "k v")
				for _, id := range []string{"b", "c"} {
					node := openTCP(b, authority, filepath.Join(dir, id), id, join(addressOf(b, nodes[0])))
					awaitVoter(b, node)
					nodes = append(nodes, node)
				}
				store := nodes[0]
				if through == "follower" {
					store = nodes[1]
				}
				value := bytes.Repeat([]byte("x"), 1000)
				var left atomic.Int64
				left.Store(int64(b.N))
				b.ResetTimer()
				var wg sync.WaitGroup
				for range writers {
					wg.Go(func() {
						for n := left.Add(-1); n >= 0; n = left.Add(-1) {
							if _, err := store.Update(b.Context(), raftstore.NewCommandID(), fmt.Appendf(nil, "key%d %s", n, value)); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
				for _, node := range nodes {
					_ = node.Close()
				}
			})
		}
	}
}
