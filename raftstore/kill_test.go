package raftstore

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/raftstore/table"
)

// killDir, in the environment, makes TestKilledChild write to that directory.
const killDir = "RAFTSTORE_KILL_DIR"

// mark is a row with a unique and a plain index.
type mark struct {
	Number uint64 `cbor:"1,keyasint"`
	Name   string `cbor:"2,keyasint"`
	Group  uint64 `cbor:"3,keyasint"`
	Filler []byte `cbor:"4,keyasint"`
}

type marks struct {
	table       *table.Table[mark]
	name, group *table.Index[mark]
}

func newMarks() marks {
	m := marks{
		name:  table.NewIndex(1, "name", true, func(m *mark) []table.Key { return []table.Key{table.K().String(m.Name)} }),
		group: table.NewIndex(2, "group", false, func(m *mark) []table.Key { return []table.Key{table.K().Uint64(m.Group)} }),
	}
	m.table = table.New(1, "marks", func(m *mark) table.Key { return table.K().Uint64(m.Number) }, m.name, m.group)
	return m
}

// handle writes the mark of a number, and moves an older one to another group.
func (m marks) handle(tx table.Tx, _ time.Time, command []byte) ([]byte, error) {
	n, err := strconv.ParseUint(string(command), 10, 64)
	if err != nil {
		return nil, err
	}
	if older, ok := m.table.Get(tx, table.K().Uint64(n/2)); ok {
		older.Group++
		if err := m.table.Put(tx, older); err != nil {
			return nil, err
		}
	}
	return nil, m.table.Put(tx, &mark{Number: n, Name: fmt.Sprintf("mark %d", n), Group: n % 7, Filler: make([]byte, n%1000)})
}

func openMarks(t *testing.T, dir string) *Store {
	return openDisk(t, dir, func(o *Options) {
		o.Handle = newMarks().handle
		o.limits = limits{snapshotEntries: 50, retainBytes: 1, memTableBytes: 256 << 10}
	})
}

// TestKilledChild is the process that TestKill kills. It writes new numbers until
// then, and prints each that was acknowledged.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("this is not the child of TestKill")
	}
	s := openMarks(t, dir)
	var mu sync.Mutex
	next := uint64(time.Now().UnixNano())
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for {
				mu.Lock()
				next++
				n := next
				mu.Unlock()
				if _, err := s.Update(t.Context(), NewCommandID(), fmt.Append(nil, n)); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				fmt.Printf("acknowledged %d\n", n)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestKill kills a writing process with SIGKILL, again and again, and looks
// whether everything that it had acknowledged is there, and whether rows and
// indexes agree.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acknowledged := map[uint64]bool{}
	for round := range 3 {
		killOnce(t, dir, 2000+rand.IntN(3000), acknowledged)
		s := openMarks(t, dir)
		err := s.View(t.Context(), Leader, func(r table.Reader) error { return checkMarks(t, r, acknowledged) })
		if err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		t.Logf("round %d: %d acknowledged, log from %d to %d", round, len(acknowledged), s.Status().FirstIndex, s.Status().LastIndex)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killOnce lets a child write until so many numbers were acknowledged, and kills
// it.
func killOnce(t *testing.T, dir string, after int, acknowledged map[uint64]bool) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledChild$")
	child.Env = append(os.Environ(), killDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var other []string
	lines := bufio.NewScanner(out)
	for seen := 0; lines.Scan(); {
		n, ok := strings.CutPrefix(lines.Text(), "acknowledged ")
		number, err := strconv.ParseUint(n, 10, 64)
		if !ok || err != nil {
			other = append(other, lines.Text())
			continue
		}
		acknowledged[number] = true
		if seen++; seen == after {
			_ = child.Process.Kill() // what it has printed meanwhile is read as well
		}
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended with %v, saying %s", err, strings.Join(other, "\n"))
	}
}

// checkMarks checks that every acknowledged number is there, that every row is in
// its indexes, and that these have nothing else.
func checkMarks(t *testing.T, r table.Reader, acknowledged map[uint64]bool) error {
	t.Helper()
	m := newMarks()
	for n := range acknowledged {
		if !m.table.Has(r, table.K().Uint64(n)) {
			t.Errorf("%d was acknowledged and is lost", n)
		}
	}
	rows, byName, byGroup := 0, 0, 0
	for row := range m.table.All(r) {
		rows++
		if found, ok := m.name.Get(r, table.K().String(row.Name)); !ok || found.Number != row.Number {
			t.Errorf("row %d is not found by its name", row.Number)
		}
	}
	for range m.name.Find(r, table.K()) {
		byName++
	}
	group := uint64(0)
	for row := range m.group.Find(r, table.K()) {
		byGroup++
		if row.Group < group {
			t.Errorf("row %d of group %d comes after group %d", row.Number, row.Group, group)
		}
		group = row.Group
	}
	if rows != byName || rows != byGroup || rows < len(acknowledged) {
		t.Errorf("%d rows, %d by name, %d by group, %d acknowledged", rows, byName, byGroup, len(acknowledged))
	}
	return nil
}
