package api

import (
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/core"
	"keng/hub/state"
)

// Searches of one key wait for one another, and then are told so: other keys' wait for one of them at most.
func TestSearchesOfOneKeyWaitForOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUnderWay()
		search := func(key core.IntegrationID, takes time.Duration) bool {
			c := &call{r: httptest.NewRequest("GET", "/", nil), key: &state.Key{ID: key}}
			if err := u.begin(t.Context(), c); err != nil {
				t.Error(err)
				return false
			}
			defer u.end(c)
			done, err := u.search(t.Context(), c)
			if err != nil {
				return false
			}
			defer done()
			time.Sleep(takes)
			return true
		}
		var found, refused atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if search("flood", 300*time.Millisecond) {
					found.Add(1)
				} else {
					refused.Add(1)
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		begun := time.Now()
		if !search("other", 0) || time.Since(begun) > 300*time.Millisecond {
			t.Errorf("another key's took %s", time.Since(begun))
		}
		all.Wait()
		if found.Load() != 7 || refused.Load() != 13 { // as many as begin within roomPatience
			t.Errorf("%d were answered, %d refused", found.Load(), refused.Load())
		}
		if len(u.of) != 0 {
			t.Errorf("%d keys still have something under way", len(u.of))
		}
	})
}
