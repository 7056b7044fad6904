package storetest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"keng/raftstore"
	"keng/raftstore/storetest"
	"keng/raftstore/table"
)

// TestHourInABubble: a store in a bubble lives on fake time.
func TestHourInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counter := table.K().String("counter")
		store := storetest.New(t, func(tx table.Tx, _ time.Time, _ []byte) ([]byte, error) {
			value, _ := tx.Get([]byte(counter))
			value = append(value[:len(value):len(value)], '|')
			tx.Set([]byte(counter), value)
			return value, nil
		})
		for range 360 {
			if _, err := store.Update(t.Context(), raftstore.NewCommandID(), nil); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		err := store.View(t.Context(), raftstore.Leader, func(r table.Reader) error {
			if value, _ := r.Get([]byte(counter)); len(value) != 360 {
				t.Errorf("the counter is %d", len(value))
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
