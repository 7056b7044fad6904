package storetest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"keng/raftstore/storetest"
)

// How long TestNemesis goes on, and where it begins, can be set in the environment:
// how many seeds, from which one on, and for how many minutes of the bubble's time
// each.
const (
	nemesisSeeds   = "RAFTSTORE_NEMESIS_SEEDS"
	nemesisFirst   = "RAFTSTORE_NEMESIS_FIRST"
	nemesisMinutes = "RAFTSTORE_NEMESIS_MINUTES"
)

func fromEnv(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestNemesis does harm at random, to one node, to several or to all, while writers
// write; then it stops, and everything that was acknowledged must be there once.
func TestNemesis(t *testing.T) {
	seeds, first := fromEnv(t, nemesisSeeds, 2), fromEnv(t, nemesisFirst, 1)
	minutes := fromEnv(t, nemesisMinutes, 1)
	for seed := first; seed < first+seeds; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			story(t, uint64(seed), func(t *testing.T, c *storetest.Cluster, _ *load, random *rand.Rand) {
				n := nemesis{t: t, c: c, random: random}
				for began := time.Now(); time.Since(began) < time.Duration(minutes)*time.Minute; {
					n.harm()
					time.Sleep(time.Duration(50+random.IntN(3000)) * time.Millisecond)
				}
				n.makeGood()
			})
		})
	}
}

type nemesis struct {
	t      *testing.T
	c      *storetest.Cluster
	random *rand.Rand
	log    []string // what it did, for who looks for the reason of a failure
}

func (n *nemesis) harm() {
	id := string("abc"[n.random.IntN(3)])
	runs := n.c.Store(id) != nil
	switch kind := n.random.IntN(20); {
	case !runs:
		n.note("start", id)
		n.c.Start(id, "a")
	case kind < 3:
		n.note("cut", id)
		n.c.Net.Cut(id)
	case kind < 5:
		other := string("abc"[n.random.IntN(3)])
		n.note("cut link", id+other)
		n.c.Net.CutLink(id, other)
	case kind < 6:
		n.note("reset", id)
		n.c.Net.Reset(id)
	case kind < 9:
		n.note("kill", id)
		n.c.Kill(id)
	case kind < 10:
		n.note("stop", id)
		n.c.Stop(id)
	case kind < 11:
		n.note("kill", "all")
		for _, id := range n.c.Running() {
			n.c.Kill(id)
		}
	case kind < 13:
		n.note("transfer", id)
		ctx, cancel := context.WithTimeout(n.t.Context(), time.Second)
		defer cancel()
		_ = n.c.Store(id).TransferLeadership(ctx, "")
	case kind < 14:
		n.makeGood()
	default:
		n.note("heal", id)
		n.c.Net.Heal(id)
	}
}

func (n *nemesis) note(what, whom string) { n.log = append(n.log, what+" "+whom) }

// makeGood heals all links and starts all nodes.
func (n *nemesis) makeGood() {
	n.note("make good", "all")
	for _, id := range []string{"a", "b", "c"} {
		n.c.Net.Heal(id)
		if n.c.Store(id) == nil {
			n.c.Start(id, "a")
		}
	}
}
