package state_test

import (
	"math/rand/v2"
	"testing"
	"fmt"
)

func TestDbg(t *testing.T) {
	w := &rehearsedWorld{life: life{stage: newStage(t), dice: rand.New(rand.NewPCG(*first, 9))}}
	w.configure()
	w.livePast()
	w.news()
	fmt.Println(w.out.String()); w.out.Reset()
	r := w.question()
	fmt.Printf("%+v now %v\n", r, w.now)
	told, _ := w.rehearsed(r)
	w.tell(told)
	fmt.Println(w.out.String()); w.out.Reset()
	h := w.happen(r)
	w.news()
	w.act("show")
	fmt.Println(w.out.String(), h.end, h.why, h.ackAt)
}
