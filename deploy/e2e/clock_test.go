package e2e

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/hub/client"
	"keng/mobile-gateway/push/fcm/fcmtest"
)

// movableHub is the hub whose wall clock a file moves: built with the tag testwall, which
// no program that ships has.
const movableHub = "hub-testwall"

var movable struct {
	once sync.Once
	err  error
}

// buildMovableHub builds it, once for all stories, beside the others.
func buildMovableHub(t *testing.T) {
	t.Helper()
	movable.once.Do(func() {
		tags := strings.Trim(os.Getenv("KENG_E2E_TAGS")+",testwall", ",")
		build := exec.Command("go", "build", stripped, "-o", filepath.Join(programs.dir, movableHub), "-tags", tags, "./hub")
		build.Dir = "../.."
		if out, err := build.CombinedOutput(); err != nil {
			movable.err = errors.New(string(out))
		}
	})
	if movable.err != nil {
		t.Fatal(movable.err)
	}
}

const day = 24 * time.Hour

// startMovable is startCluster with clocks that can be moved.
func startMovable(t *testing.T) cluster {
	t.Helper()
	first := newHub(t, "n1", rand.Text(), "--bootstrap")
	first.wall = filepath.Join(t.TempDir(), "wall")
	first.restart()
	c := cluster{first}
	for _, id := range []string{"n2", "n3"} {
		h := newHub(t, id, first.key, "--join", first.raft, "--join-token", first.nodeToken())
		h.wall = filepath.Join(t.TempDir(), "wall")
		h.start()
		c = append(c, h)
	}
	for _, h := range c[1:] {
		h.serving()
	}
	eventually(t, "three nodes have a vote, and know of each other's clocks", func() bool {
		s := first.status()
		return s.Quorum.Voters == 3 && s.Clocks != nil && s.Clocks.Agreed && s.Nodes[0].Clock != nil && s.Nodes[1].Clock != nil && s.Nodes[2].Clock != nil
	})
	return c
}

// move moves the wall clocks of nodes.
func (c cluster) move(t *testing.T, by time.Duration) {
	t.Helper()
	for _, h := range c {
		whole := h.wall + ".new"
		if err := errors.Join(os.WriteFile(whole, []byte(by.String()+"\n"), 0o600), os.Rename(whole, h.wall)); err != nil {
			t.Fatal(err)
		}
	}
}

// clockIsWrong reports whether a node says of another that its clock is wrong.
func (h *hub) clockIsWrong(of *hub) bool {
	status := h.status()
	n, _ := status.Node(of.id)
	return n.Clock != nil && n.Clock.Wrong
}

// messages are those about an alert so far.
func (g google) messages(a client.Alert) (list []fcmtest.Message) {
	for _, m := range g.Messages() {
		if m.Data["alert_id"] == a.ID {
			list = append(list, m)
		}
	}
	return list
}

// due says between which moments something is due: so long after an alert that came to be
// while it was raised.
type due struct{ from, to time.Time }

// raiseDue raises an alert of which something is due after a time.
func (h *hub) raiseDue(a client.NewAlert, after time.Duration, to client.Responder) (client.Alert, due) {
	h.t.Helper()
	d := due{from: time.Now().Add(after)}
	raised := h.raise(a, to)
	d.to = time.Now().Add(after)
	return raised, d
}

// onTime makes sure that one message about an alert comes when it is due: not before, and
// within two seconds.
func (g google) onTime(t *testing.T, a client.Alert, d due) {
	t.Helper()
	eventually(t, "a message comes", func() bool { return len(g.messages(a)) > 0 })
	if now := time.Now(); now.Before(d.from) || now.After(d.to.Add(2*time.Second)) {
		t.Errorf("the message about %q came %s after it was due at the earliest, %s after it was at the latest", a.Message, now.Sub(d.from), now.Sub(d.to))
	}
	if m := g.messages(a); len(m) != 1 || m[0].Data["late_by"] != "" {
		t.Errorf("about %q: %d messages, late by %q", a.Message, len(m), m[0].Data["late_by"])
	}
}

// The leader's clock goes a year ahead. What is due later does not come early, an enrolment
// token stays good, `cluster status` says it in words, and the leadership goes elsewhere;
// when the clock is right again it may come back.
func TestStoryLeadersClockAYearAhead(t *testing.T) {
	t.Parallel()
	c, fcm := startMovable(t), startFCM(t)
	c[0].runGateway(fcm.config)
	const after = 8 * time.Second
	an := client.Responder{Type: "user", Username: c[0].person("An", "vi_VN", push("an-phone", after))}
	token := c[1].token()
	mad, others := c.leader(t, c[0])
	before, beforeDue := mad.raiseDue(client.NewAlert{Message: "before the clock went mad", Priority: "P1"}, after, an)
	cluster{mad}.move(t, 365*day)
	during, duringDue := mad.raiseDue(client.NewAlert{Message: "while it is mad", Priority: "P1"}, after, an)
	eventually(t, "another node leads", func() bool { leader := others[0].status().Leader; return leader != "" && leader != mad.id })
	for _, h := range c {
		eventually(t, h.id+" says that the clock is wrong", func() bool { return h.clockIsWrong(mad) })
	}
	code, out, _ := once(t, others[0].env(), "hub", "cluster", "status")
	if want := "WRONG CLOCK: the clock of node " + mad.id + " is 36"; code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "days ahead") {
		t.Errorf("cluster status: %d\n%s", code, out)
	}
	if !strings.Contains(mad.out.String(), "wall clock is wrong") {
		t.Error("the node itself does not say it")
	}
	if code, _, errs := once(t, nil, "agent", "join", "--hub", mad.link, "--token", token, "--data-dir", t.TempDir()); code != 0 {
		t.Errorf("an agent cannot join: %d %s", code, errs)
	}
	fcm.onTime(t, before, beforeDue)
	fcm.onTime(t, during, duringDue)
	c.move(t, 0)
	eventually(t, "the clock is said to be right", func() bool { return !others[0].clockIsWrong(mad) })
	c.transfer(t, mad)
	if s := mad.status(); s.Diverged || s.Leader != mad.id {
		t.Errorf("in the end: %+v", s)
	}
}

// transfer has a node lead.
func (c cluster) transfer(t *testing.T, to *hub) {
	t.Helper()
	eventually(t, to.id+" leads", func() bool {
		_ = to.client().TransferLeadership(t.Context(), to.id)
		return to.status().Leader == to.id
	})
}

// A new leader's clock is five minutes behind: what is due comes on time.
func TestStoryNewLeadersClockIsBehind(t *testing.T) {
	t.Parallel()
	c, fcm := startMovable(t), startFCM(t)
	c[0].runGateway(fcm.config)
	const after = 6 * time.Second
	an := client.Responder{Type: "user", Username: c[0].person("An", "vi_VN", push("an-phone", after))}
	old, others := c.leader(t, c[0])
	behind := others[0]
	chi := client.Responder{Type: "user", Username: old.person("Chi", "vi_VN", push("chi-phone", 0))}
	fcm.accepted(t, old.raise(client.NewAlert{Message: "the gateway is there", Priority: "P1"}, chi))
	before, beforeDue := old.raiseDue(client.NewAlert{Message: "before the change", Priority: "P1"}, after, an)
	cluster{behind}.move(t, -5*time.Minute)
	old.kill()
	c.transfer(t, behind)
	during, duringDue := behind.raiseDue(client.NewAlert{Message: "after it", Priority: "P1"}, after, an)
	if made := during.CreatedAt; time.Since(made).Abs() > 5*time.Second {
		t.Errorf("it is said to be made at %s", made)
	}
	fcm.onTime(t, before, beforeDue)
	fcm.onTime(t, during, duringDue)
}

// P9, P8: all nodes are off for eight hours. What was to come meanwhile comes once and says
// how late it is; what was acknowledged does not come.
func TestStoryP9EightHoursOff(t *testing.T) {
	t.Parallel()
	c, fcm := startMovable(t), startFCM(t)
	gateway := c[0].runGateway(fcm.config)
	an := client.Responder{Type: "user", Username: c[0].person("An", "vi_VN", push("an-phone", 20*time.Minute))}
	binh := c[0].person("Binh", "vi_VN", push("binh-phone", 0))
	both := c[0].escalation("both", an.Username, binh, an.Username)
	first := c[0].raise(client.NewAlert{Message: "first", Priority: "P1"}, an)
	second := c[1].raise(client.NewAlert{Message: "second", Priority: "P1"}, an)
	steep := c[2].raise(client.NewAlert{Message: "steep", Priority: "P1"}, both)
	acked := c[0].raise(client.NewAlert{Message: "acknowledged", Priority: "P1"}, an)
	if _, err := c[1].client().Acknowledge(t.Context(), client.ByID(acked.ID), "an@example.vn", ""); err != nil {
		t.Fatal(err)
	}
	gateway.kill()
	for _, h := range c {
		h.kill()
	}
	c.move(t, 8*time.Hour)
	for _, h := range c {
		h.start()
	}
	for _, h := range c {
		h.serving()
	}
	gateway.again()
	for _, a := range []client.Alert{first, second, steep} {
		fcm.accepted(t, a)
	}
	eventually(t, "binh is told too", func() bool { return len(fcm.messages(steep)) == 2 })
	c[0].token() // a write that takes the turn behind what was due
	for a, want := range map[*client.Alert]int{&first: 1, &second: 1, &steep: 2, &acked: 0} {
		list := fcm.messages(*a)
		if len(list) != want {
			t.Errorf("about %s: %d messages, want %d", a.Message, len(list), want)
		}
		for _, m := range list {
			seconds, err := strconv.Atoi(m.Data["late_by"])
			if late := time.Duration(seconds) * time.Second; err != nil || late < 7*time.Hour || late > 8*time.Hour {
				t.Errorf("about %s: late by %q", a.Message, m.Data["late_by"])
			}
		}
	}
	for _, h := range c {
		// The nodes have just begun to compare their clocks.
		eventually(t, h.id+" knows that the clocks agree", func() bool { s := h.status(); return s.Clocks != nil && s.Clocks.Agreed })
		if s := h.status(); s.Diverged {
			t.Errorf("%s: %+v", h.id, s)
		}
	}
}

// escalation makes one with a step for each person, five minutes apart.
func (h *hub) escalation(name string, people ...string) client.Responder {
	h.t.Helper()
	var rules []client.EscalationRule
	for i, person := range people {
		rules = append(rules, client.EscalationRule{
			Condition: "if-not-acked", NotifyType: "default", Delay: client.Seconds(time.Duration(i) * 5 * time.Minute), Recipient: client.Party{Type: "user", Username: person},
		})
	}
	_, err := h.client().CreateTeam(h.t.Context(), client.NewTeam{Name: name})
	id, failed := h.client().CreateEscalation(h.t.Context(), client.NewEscalation{Name: fmt.Sprint(name, "-escalation"), OwnerTeam: &client.Thing{Name: name}, Rules: rules})
	if err := errors.Join(err, failed); err != nil {
		h.t.Fatal(err)
	}
	return client.Responder{Type: "escalation", ID: id}
}
