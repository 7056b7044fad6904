package spool

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// childDir names the spool in which a child of this test appends until it is killed.
const childDir = "KENG_SPOOL_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		appendForever(dir)
	}
	os.Exit(m.Run())
}

// appendForever says each number once it is promised.
func appendForever(dir string) {
	s, err := Open(dir, Limits{SegmentBytes: 4096})
	for err == nil {
		var number uint64
		if number, err = s.Append(event(fmt.Sprint("n", s.NextNumber()))); err == nil {
			fmt.Println(number)
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

// P13: what was promised survives kill -9, at whatever moment it comes.
func TestP13KillLosesNothing(t *testing.T) {
	dir := t.TempDir()
	var promised uint64
	for round := range 12 {
		promised = killAfter(t, dir, promised, 1+round*7)
		s := mustOpen(t, dir, Limits{SegmentBytes: 4096})
		words := strings.Fields(drain(t, s, 0))
		// The last one may have been kept and the word of it lost.
		if n := uint64(len(words)); n != promised && n != promised+1 {
			t.Fatalf("%d events are kept, %d were promised", n, promised)
		}
		for i, word := range words {
			if word != fmt.Sprint("n", i+1) {
				t.Fatalf("event %d is %s", i+1, word)
			}
		}
		promised = uint64(len(words))
		s.Close()
	}
}

// killAfter runs a child on the spool, kills it when it has promised so many events
// more, and returns the last number promised.
func killAfter(t *testing.T, dir string, promised uint64, events int) uint64 {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		number, err := strconv.ParseUint(lines.Text(), 10, 64)
		if err != nil || number <= promised {
			t.Fatalf("the child says %q after %d", lines.Text(), promised)
		}
		promised = number
		if i == events {
			child.Process.Kill() // what it still says is read to the end
		}
	}
	child.Wait()
	return promised
}
