package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/core"
	"keng/hub/core/heartbeat"
	"keng/hub/core/route"
	"keng/hub/engine"
	"keng/hub/seed"
	"keng/hub/state"
)

// commandTakes is how long the cluster of these tests takes for a command.
const commandTakes = 5 * time.Millisecond

// slowStore takes its time, and counts.
type slowStore struct {
	*store
	commands atomic.Int64
	down     atomic.Bool // there is no leader
}

func (s *slowStore) Update(ctx context.Context, id [16]byte, command []byte) ([]byte, error) {
	time.Sleep(commandTakes)
	if s.down.Load() {
		return nil, &core.Error{Kind: core.Unavailable, Words: "no leader"}
	}
	s.commands.Add(1)
	return s.store.Update(ctx, id, command)
}

// beats is a node that hears pings.
type beats struct {
	*testing.T
	store *slowStore
	pings *engine.Pings
	stop  func()
}

// hearing runs f in a bubble beside what hears pings.
func hearing(t *testing.T, f func(b *beats)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &beats{T: t, store: &slowStore{store: newStore()}}
		b.pings = engine.NewPings(b.store, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- b.pings.Run(ctx) }()
		b.stop = func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			b.stop = func() {}
		}
		defer func() { b.stop() }()
		f(b)
	})
}

// do has a command carried out beside what is tested, at once.
func (b *beats) do(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// create makes a heartbeat, of a team if one is given.
func (b *beats) create(name string, interval int, unit heartbeat.Unit, team ...core.TeamID) {
	b.Helper()
	f := state.HeartbeatFields{Name: &name, Interval: &interval, Unit: &unit}
	for _, id := range team {
		f.Team = &state.Pick{ID: string(id)}
	}
	_, err := state.Do(b.Context(), b.store.store, seed.New(), state.CreateHeartbeat{Fields: f})
	b.do(err)
}

func (b *beats) delete(name string) {
	b.Helper()
	_, err := state.Do(b.Context(), b.store.store, seed.New(), state.DeleteHeartbeat{Name: name})
	b.do(err)
}

func (b *beats) ping(name string) time.Time {
	b.pings.Heard(b.Context(), name, "")
	return time.Now().UTC()
}

// expect checks which ping of a heartbeat is written.
func (b *beats) expect(when, name string, ping time.Time) {
	b.Helper()
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	row, ok := state.GetHeartbeat(b.store.tx, name)
	if !ok || !row.Beat.LastPing.Equal(ping) {
		b.Errorf("%s: the last ping of %s is %+v, want %v", when, name, row, ping)
	}
}

// expired makes sure that a heartbeat is expired.
func (b *beats) expired(name string) {
	b.Helper()
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	if row, ok := state.GetHeartbeat(b.store.tx, name); !ok || !row.Beat.Expired() {
		b.Errorf("%s is not expired: %+v", name, row)
	}
}

// atOnce is how long what is written at once may take: the one command under way, and its own.
const atOnce = 2*commandTakes + time.Millisecond

// Rule keng-8.heartbeat.coalesced.
func TestAThousandHeartbeatsAreFewCommands(t *testing.T) {
	hearing(t, func(b *beats) {
		const n, tenths = 1000, 30
		for i := range n {
			b.create(fmt.Sprint("job-", i), 1, heartbeat.Minutes)
		}
		for range tenths * 6 {
			for i := range n {
				b.ping(fmt.Sprint("job-", i))
			}
			time.Sleep(time.Second)
		}
		// A command has 256 pings, and the very first ping did not wait for the others.
		if most, got := int64(4*(tenths+1)+1), b.store.commands.Load(); got > most || got < 4*tenths/2 {
			t.Errorf("%d commands for %d tenths of the interval of %d heartbeats, at most %d are expected", got, tenths, n, most)
		}
	})
}

// Jobs whose pings come at all moments go together, too.
func TestPingsAtAllMomentsGoTogether(t *testing.T) {
	hearing(t, func(b *beats) {
		for i := range 1000 {
			b.create(fmt.Sprint("job-", i), 1, heartbeat.Minutes)
			b.ping(fmt.Sprint("job-", i))
			time.Sleep(time.Millisecond)
		}
		b.store.commands.Store(0)
		for i := range 60_000 {
			b.ping(fmt.Sprint("job-", i%1000))
			time.Sleep(time.Millisecond)
		}
		if got := b.store.commands.Load(); got > 61+10 {
			t.Errorf("%d commands in a minute", got)
		}
	})
}

func TestWhatIsWrittenAtOnce(t *testing.T) {
	hearing(t, func(b *beats) {
		b.create("backup", 10, heartbeat.Minutes)
		first := b.ping("backup")
		time.Sleep(atOnce)
		b.expect("the first", "backup", first)

		time.Sleep(20 * time.Second)
		b.ping("backup")
		time.Sleep(20 * time.Second)
		newest := b.ping("backup")
		time.Sleep(first.Add(time.Minute).Sub(time.Now()) - time.Millisecond)
		b.expect("within the tenth", "backup", first)
		time.Sleep(time.Second + atOnce)
		b.expect("after the tenth", "backup", newest)

		time.Sleep(2 * time.Minute)
		later := b.ping("backup")
		time.Sleep(100*time.Millisecond + atOnce)
		b.expect("one that comes after the tenth", "backup", later)

		time.Sleep(10 * time.Minute)
		if _, err := state.Do(t.Context(), b.store.store, seed.New(), state.DoDue{}); err != nil {
			t.Fatal(err)
		}
		b.expired("backup")
		recovers := b.ping("backup")
		time.Sleep(atOnce)
		b.expect("the one that recovers", "backup", recovers)
	})
}

// While nothing can be written nobody waits, and the newest ping is written when it can be.
func TestPingsOutliveALeaderlessTime(t *testing.T) {
	hearing(t, func(b *beats) {
		b.create("backup", 10, heartbeat.Minutes)
		b.store.down.Store(true)
		var newest time.Time
		for range 20 {
			newest = b.ping("backup")
			if !newest.Equal(time.Now()) {
				t.Fatal("a ping has waited")
			}
			time.Sleep(time.Second)
		}
		b.expect("without a leader", "backup", time.Time{})
		b.store.down.Store(false)
		b.store.commands.Store(0)
		time.Sleep(100*time.Millisecond + atOnce)
		b.expect("with a leader", "backup", newest)
		if got := b.store.commands.Load(); got != 1 {
			t.Errorf("%d commands", got)
		}
	})
}

// A node that stops in good order loses nothing of what it holds.
func TestWhatIsHeldIsWrittenAtTheEnd(t *testing.T) {
	hearing(t, func(b *beats) {
		b.create("backup", 10, heartbeat.Hours)
		b.ping("backup")
		time.Sleep(time.Second)
		held := b.ping("backup")
		b.stop()
		b.expect("at the end", "backup", held)
	})
}

// Names that do not exist cost nothing lasting.
func TestStrangeNames(t *testing.T) {
	hearing(t, func(b *beats) {
		for i := range 20_000 {
			b.ping(fmt.Sprint("ghost-", i))
		}
		b.ping(strings.Repeat("x", 201))
		if held, strange := b.pings.Kept(); held != 0 || strange != 1000 {
			t.Errorf("%d pings are held, %d kept in mind", held, strange)
		}
		time.Sleep(6 * time.Second)
		if held, strange := b.pings.Kept(); held != 0 || strange != 0 {
			t.Errorf("in the end %d pings are held, %d kept in mind", held, strange)
		}
		if got := b.store.commands.Load(); got != 0 {
			t.Errorf("%d commands", got)
		}
		// One that another node has just made is not known here yet.
		ping := b.ping("young")
		time.Sleep(2 * time.Second)
		b.create("young", 1, heartbeat.Hours)
		time.Sleep(100*time.Millisecond + atOnce)
		b.expect("made a moment ago", "young", ping)
	})
}

func TestATeamPingsItsOwn(t *testing.T) {
	hearing(t, func(b *beats) {
		var teams []core.TeamID
		for _, name := range []string{"it", "shop"} {
			team, err := state.Do(t.Context(), b.store.store, seed.New(), state.PutTeam{Team: route.Team{Name: name, Rules: []route.Rule{{}}}})
			b.do(err)
			teams = append(teams, team.ID)
		}
		b.create("backup", 1, heartbeat.Hours, teams[0])
		b.create("common", 1, heartbeat.Hours)
		for _, name := range []string{"backup", "common", "young"} {
			b.pings.Heard(t.Context(), name, teams[1])
		}
		b.create("young", 1, heartbeat.Hours, teams[0])
		time.Sleep(10 * time.Second)
		for _, name := range []string{"backup", "common", "young"} {
			b.expect("pinged by another team", name, time.Time{})
		}
		at := time.Now()
		b.pings.Heard(t.Context(), "backup", teams[0])
		time.Sleep(time.Second)
		b.expect("pinged by its team", "backup", at)
	})
}

// What is held may be of use no more, or sooner.
func TestHeldPingsFollowTheirHeartbeat(t *testing.T) {
	hearing(t, func(b *beats) {
		b.create("backup", 100, heartbeat.Days)
		b.ping("backup")
		time.Sleep(time.Minute)
		held := b.ping("backup")
		hour, hours := 1, heartbeat.Hours
		_, err := state.Do(t.Context(), b.store.store, seed.New(), state.ChangeHeartbeat{Name: "backup", Fields: state.HeartbeatFields{Interval: &hour, Unit: &hours}})
		b.do(err)
		time.Sleep(7 * time.Minute)
		b.expect("a shorter interval", "backup", held)

		time.Sleep(time.Second)
		b.ping("backup")
		b.delete("backup")
		b.create("backup", 10, heartbeat.Minutes)
		time.Sleep(10 * time.Minute)
		b.expect("another one of the name", "backup", time.Time{})
		if held, _ := b.pings.Kept(); held != 0 {
			t.Errorf("%d pings are held", held)
		}
	})
}

// One ping that cannot be written takes none with it.
func TestABadPing(t *testing.T) {
	hearing(t, func(b *beats) {
		names := []string{"a", "b", "bd", "c"}
		for _, name := range names {
			b.create(name, 1, heartbeat.Hours)
		}
		b.store.mu.Lock()
		b.store.refuse = func(command []byte) error {
			if bytes.Contains(command, []byte("bd")) {
				return errors.New("cannot")
			}
			return nil
		}
		b.store.mu.Unlock()
		at := time.Now()
		for _, name := range names {
			b.ping(name)
		}
		time.Sleep(time.Second)
		for _, name := range []string{"a", "b", "c"} {
			b.expect("beside a bad one", name, at)
		}
		b.expect("the bad one", "bd", time.Time{})
		if held, _ := b.pings.Kept(); held != 0 {
			t.Errorf("%d pings are held", held)
		}
	})
}
