package watch

import (
	"fmt"
	"testing"

	"keng/hub/core"
)

// The newest ids are known, so many and no more.
func TestRecent(t *testing.T) {
	const size = 3
	r := newRecent(size)
	for i := range 10 {
		if id := core.DeliveryID(fmt.Sprint(i)); !r.add(id) || r.add(id) {
			t.Errorf("%s is not new once", id)
		}
		for back := range min(i, size) {
			if r.add(core.DeliveryID(fmt.Sprint(i - back))) {
				t.Fatalf("after %d the id %d is forgotten", i, i-back)
			}
		}
		if len(r.known) != min(i+1, size) {
			t.Errorf("after %d ids %d are known", i+1, len(r.known))
		}
	}
}
