package api_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"keng/hub/api"
)

var (
	fuzzRounds = flag.Int("rounds", 12, "how many requests TestEveryOperationTakesAnything makes of each operation")
	fuzzSeed   = flag.Uint64("seed", 1, "of those requests")
)

// answerBound is how long an answer may take: as long as a command may. It is far more than any needs, since the
// machine may be busy.
const answerBound = api.CommandTimeout

// try makes one request and checks what holds for every one, whatever is sent. It returns the reply.
func (w *fuzzWorld) try(which uint16, seed uint64, body []byte) answer {
	w.t.Helper()
	o := &w.operations[int(which)%len(w.operations)]
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 0)), world: w, odd: []int{0, 3, 10, 30}[seed%4]}
	r, text := m.request(o, body)
	w.about = fmt.Sprintf("%s %s (%s), Content-Type %q, with %d bytes: %.1000q", r.Method, r.URL, o.path, r.Header.Get("Content-Type"), len(text), text)
	begun := time.Now()
	a := w.send(r)
	if took := time.Since(begun); took > answerBound {
		w.t.Errorf("it took %v", took)
	}
	if a.status >= 500 {
		w.t.Errorf("HTTP %d: %.500s", a.status, a.raw)
	}
	if strings.HasPrefix(a.header.Get("Content-Type"), "application/json") && r.Method != "HEAD" {
		w.checkEnvelope(a)
	}
	return a
}

// checkEnvelope checks what clients rely on in every reply. The Go client reads no error at all if the errors are
// not texts by field.
func (w *fuzzWorld) checkEnvelope(a answer) {
	w.t.Helper()
	if id, _ := a.body["requestId"].(string); id == "" {
		w.t.Errorf("no request id: %.500s", a.raw)
	}
	if took, ok := a.body["took"].(float64); !ok || took < 0 {
		w.t.Errorf("no time that it took: %.500s", a.raw)
	}
	wrong, some := a.body["errors"].(map[string]any)
	for field, why := range wrong {
		if text, ok := why.(string); !ok || field == "" || text == "" {
			w.t.Errorf("errors are not flat: %.500s", a.raw)
		}
	}
	if message, _ := a.body["message"].(string); a.status >= 400 && message == "" || a.body["errors"] != nil && (!some || a.status != 422) {
		w.t.Errorf("HTTP %d is not told as an error: %.500s", a.status, a.raw)
	}
}

// Rule ogapi-1.errors.shape.
//
// Whatever is sent to whichever operation, the hub does not fail, the reply is as the contract says, and what it has
// taken it can tell. Seeds, operations and rounds other than those of every day are run by hand:
//
//	go test ./hub/api -run TestEveryOperationTakesAnything -rounds 2000 -seed 7
func TestEveryOperationTakesAnything(t *testing.T) {
	t.Parallel()
	w := newFuzzWorld(t)
	taken := map[string]int{}
	for i := range w.operations {
		o := &w.operations[i]
		for round := range o.worth(*fuzzRounds) {
			if a := w.try(uint16(i), *fuzzSeed<<32+uint64(round), nil); a.status < 300 {
				taken[o.path]++
			}
			if round%4 == 3 {
				w.check(time.Duration(round) * time.Minute)
			}
			if t.Failed() {
				t.Fatalf("request %d of seed %d: %s", round, *fuzzSeed, w.about)
			}
		}
		if i%8 == 7 || i == len(w.operations)-1 { // the state does not grow with the table
			if w.tellAll(); t.Failed() {
				t.Fatalf("after %s", w.about)
			}
			w.reset(t)
		}
	}
	for _, o := range w.operations { // they are not worth much if all are refused
		switch {
		case taken[o.path] > 0:
		case o.ofTools():
			t.Errorf("none was taken: %s", o.path)
		default:
			t.Logf("none was taken: %s", o.path)
		}
	}
}

// worth returns how many of some requests are made of an operation: few where nothing can be said.
func (o *operation) worth(rounds int) int {
	if o.said.RequestBody == nil && len(o.parameters) == 0 {
		return min(rounds, 4)
	}
	return rounds
}

// FuzzEveryOperation lets the engine find what the dice do not: it changes bodies that were made from the contract.
func FuzzEveryOperation(f *testing.F) {
	w := newFuzzWorld(f)
	for i := range w.operations {
		seed := uint64(8*i + 4) // with nothing odd, and not everything told after it
		m := &maker{Rand: rand.New(rand.NewPCG(seed, 0)), world: w}
		_, body := m.request(&w.operations[i], nil)
		f.Add(uint16(i), seed, []byte(body))
	}
	f.Fuzz(func(t *testing.T, which uint16, seed uint64, body []byte) {
		w.reset(t)
		w.try(which, seed, body)
		if w.check(time.Hour); seed%8 == 0 {
			w.tellAll()
		}
		if t.Failed() {
			t.Log(w.about)
		}
	})
}
