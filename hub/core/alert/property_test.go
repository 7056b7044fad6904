package alert_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
)

func copyOf(t *testing.T, a *alert.Alert) *alert.Alert {
	t.Helper()
	raw, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var b alert.Alert
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	return &b
}

// randomly moves an alert in any way, sensible or not.
func randomly(dice *rand.Rand, a *alert.Alert, at time.Time) alert.Outcome {
	b := alert.By{User: []string{"", "an", "binh", "lan"}[dice.IntN(4)], Source: []string{"", "api"}[dice.IntN(2)], Note: []string{"", "n"}[dice.IntN(2)], At: at}
	word := fmt.Sprint("w", dice.IntN(4))
	switch dice.IntN(28) {
	case 0:
		return a.Recur(b)
	case 1, 2:
		return a.Acknowledge(b)
	case 3:
		return a.Unacknowledge(b)
	case 4, 5:
		return a.Snooze(b, at.Add(time.Duration(dice.IntN(5)-1)*time.Hour))
	case 6:
		return a.EndSnooze(at)
	case 7:
		return a.TakeOwnership(b)
	case 8:
		return a.Assign(b, []string{"", "an", "binh"}[dice.IntN(3)])
	case 9:
		return a.Escalate(b, core.EscalationID(word), word)
	case 10:
		return a.EscalateToNext(b, dice.IntN(2) == 0)
	case 11:
		return a.AddResponder(b, alert.Responder{Kind: alert.User, ID: word}, word)
	case 12:
		return a.AddTeam(b, core.TeamID(word), word)
	case 13:
		return a.AddNote(b)
	case 14:
		return a.AddTags(b, []string{word})
	case 15:
		return a.RemoveTags(b, []string{word})
	case 16:
		return a.AddDetails(b, map[string]string{word: word})
	case 17:
		return a.RemoveDetails(b, []string{word})
	case 18:
		return a.SetPriority(b, core.Priority(dice.IntN(7)))
	case 19:
		return a.SetMessage(b, word)
	case 20:
		return a.See(b)
	case 21:
		return a.CloseUnder(b, alert.Closure{Who: alert.Closers(dice.IntN(3)), Confirm: time.Duration(dice.IntN(2)) * time.Hour},
			alert.Closer{Member: dice.IntN(2) == 0, Admin: dice.IntN(2) == 0, Reachable: dice.IntN(2) == 0})
	case 24:
		return a.AcknowledgeToo(b)
	case 25:
		return a.TakeAckBack(at)
	case 26:
		if dice.IntN(4) > 0 { // else every life is short
			return a.See(b)
		}
		return a.CloseUnanswered(alert.By{At: at})
	case 22:
		return a.Confirm(b)
	case 23:
		return a.Contradict(b)
	}
	return a.EndClosing(at)
}

// Along any row of moves the promises hold that an alert can keep by itself (P2, P3, P7),
// and the activity log tells the way: replaying what it says of silence gives the alert's.
func TestPromisesHoldAlongAnyWay(t *testing.T) {
	reached := map[alert.Reason]bool{}
	for seed := range uint64(300) {
		dice := rand.New(rand.NewPCG(seed, 7))
		a, at := fresh(), now
		log := 0
		for range 60 {
			at = at.Add(time.Duration(dice.IntN(90)) * time.Minute)
			if dice.IntN(9) == 0 && a.RaiseAcks(2, at) {
				log++
			}
			before := copyOf(t, a)
			o := randomly(dice, a, at)
			reached[o.Reason] = true
			checkMove(t, before, copyOf(t, a), o)
			if o.Moved() {
				log++
			}
			if a.Sequence != uint64(log)+1 {
				t.Fatalf("seed %d: %d moves, state %d", seed, log, a.Sequence)
			}
			if a.Status == alert.Closed && a.ClosedAt.IsZero() || a.ClosedAt.Before(a.CreatedAt) && !a.ClosedAt.IsZero() {
				t.Fatalf("seed %d: closed at %v", seed, a.ClosedAt)
			}
			if a.Acknowledged && a.AcknowledgedAt.IsZero() {
				t.Fatalf("seed %d: acknowledged, never", seed)
			}
			if t.Failed() {
				t.Fatalf("seed %d: %+v\n%+v", seed, o, a)
			}
		}
	}
	for _, r := range []alert.Reason{alert.HasAcknowledged, alert.HasEndedSnooze, alert.IsClosing, alert.HasReopened, alert.HasClosed, alert.AlreadyClosing, alert.OnlyReporter, alert.OnlyOwner, alert.OnlyMembers, alert.NoStep} {
		if !reached[r] {
			t.Errorf("no way led to %q", r)
		}
	}
}

// A lost answer lets a client ask again: the second time never moves anything but what
// counts, calls, or is written anew.
func TestAskingTwiceIsAskingOnce(t *testing.T) {
	again := map[string]bool{"recur": true, "escalate": true, "next": true, "note": true, "action": true, "delete": true}
	for _, name := range slices.Sorted(maps.Keys(moves)) {
		for _, s := range in {
			a := s.make()
			if o := moves[name](a); !o.Moved() {
				continue
			}
			before := copyOf(t, a)
			o := moves[name](a)
			if o.Moved() != again[name] && !(name == "recur" && s.name == "closed") {
				t.Errorf("%s twice when %s: %+v", name, s.name, o)
			}
			checkMove(t, before, copyOf(t, a), o)
		}
	}
}

// Words that clients look for. Rules ogapi-3.status.already, ogapi-1.async.missing-alert (which hub/state's
// plays show).
func TestWordsThatClientsParse(t *testing.T) {
	for _, r := range []alert.Reason{alert.AlreadyAcknowledged, alert.AlreadyClosed, alert.AlreadyUnacknowledged, alert.AlreadyClosing} {
		if !strings.HasPrefix(string(r), "Alert is already") {
			t.Errorf("%q: Zabbix would go on asking", r)
		}
	}
	if alert.HasCreated != "Created alert" || alert.NoSuchAlert != "Alert does not exist" {
		t.Error("clients wait for other words")
	}
}
