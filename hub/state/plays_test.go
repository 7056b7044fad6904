package state_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/fxamacker/cbor/v2"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table/tabletest"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts of the plays anew")

// A play is a file of scenes: lines of commands, a line "----", the transcript that
// they give, an empty line. See testdata/README.txt for the commands.
func TestPlays(t *testing.T) {
	files, err := filepath.Glob("testdata/*.play")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plays found: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".play"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := perform(t, string(text))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(text) {
				t.Errorf("the play went otherwise (see -rewrite):\n%s", firstDifference(string(text), got))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		var a, b string
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\n  want: %s\n  got:  %s", i+1, a, b)
		}
	}
	return ""
}

// perform plays all scenes and returns the file as it should be.
func perform(t *testing.T, text string) string {
	s := newStage(t)
	var out strings.Builder
	scenes := strings.Split(strings.TrimRight(text, "\n"), "\n\n")
	for i, scene := range scenes {
		commands, _, acted := strings.Cut(scene, "\n----")
		out.WriteString(commands)
		if acted || !onlyComments(commands) {
			s.out.Reset()
			for line := range strings.Lines(commands) {
				if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
					s.act(line)
				}
			}
			out.WriteString("\n----\n" + strings.TrimRight(s.out.String(), "\n"))
		}
		if i < len(scenes)-1 {
			out.WriteString("\n\n")
		}
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

func onlyComments(s string) bool {
	for line := range strings.Lines(s) {
		if l := strings.TrimSpace(line); l != "" && l[0] != '#' {
			return false
		}
	}
	return true
}

// stage is where a play is performed: a state, a clock and what was shown so far.
type stage struct {
	t              *testing.T
	machine        *state.Machine
	tx             *tabletest.Tx
	start          time.Time
	now            time.Time
	seeds          uint64
	shown          uint64                   // last log line shown
	reports        map[string]uint32        // by page
	asked          string                   // the newest request to swap shifts
	code           string                   // the newest that was sent to a contact
	noticed, fated map[core.DeliveryID]bool // notices that were shown, and their ends
	out            strings.Builder
}

func newStage(t *testing.T) *stage {
	start := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC) // 21:00 in Vietnam
	return &stage{t: t, machine: state.New(time.LoadLocation), tx: tabletest.NewTx(), start: start, now: start, reports: map[string]uint32{}, noticed: map[core.DeliveryID]bool{}, fated: map[core.DeliveryID]bool{}}
}

// storeTakes is how many bytes the store lets a command write: raftstore.MaxCommandWrites.
const storeTakes = 3 << 20

// do evaluates a command as the store would: what fails leaves nothing.
func do[C state.Command[R], R any](s *stage, command C) (R, error) {
	s.seeds++
	var seed core.Seed
	binary.BigEndian.PutUint64(seed[8:], s.seeds)
	var result R
	raw, err := state.Encode(seed, command)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []byte
	err = s.tx.Run(func(tx *tabletest.Tx) error {
		out, err = s.machine.Handle(tx, s.now, raw)
		if grown := tx.Grown() + len(out); err == nil && grown > storeTakes {
			return fmt.Errorf("%T writes %d bytes, which the store refuses", command, grown)
		}
		return err
	})
	if err != nil {
		return result, err
	}
	if err := cbor.Unmarshal(out, &result); err != nil {
		s.t.Fatal(err)
	}
	return result, nil
}

// say writes a line of the transcript.
func (s *stage) say(format string, args ...any) { fmt.Fprintf(&s.out, format+"\n", args...) }

func (s *stage) act(line string) {
	words := strings.Fields(line)
	verb, args := words[0], words[1:]
	for i, a := range args {
		args[i] = s.named(a)
	}
	verbs := map[string]func([]string) error{
		"user": s.user, "schedule": s.schedule, "escalation": s.escalation, "team": s.team, "create": s.create,
		"found": s.found, "ack": s.ack, "close": s.close, "wait": s.wait, "report": s.report, "show": s.show, "agent": s.agent, "event": s.event,
		"down": s.down, "dropped": s.dropped, "tells": s.tells,
	}
	maps.Copy(verbs, s.lifeVerbs())
	maps.Copy(verbs, s.policyVerbs())
	maps.Copy(verbs, s.intakeVerbs())
	maps.Copy(verbs, s.maintenanceVerbs())
	maps.Copy(verbs, s.contentVerbs())
	maps.Copy(verbs, s.groupVerbs())
	maps.Copy(verbs, s.calendarVerbs())
	maps.Copy(verbs, s.incidentVerbs())
	maps.Copy(verbs, s.importVerbs())
	maps.Copy(verbs, s.noticeVerbs())
	maps.Copy(verbs, s.reachabilityVerbs())
	maps.Copy(verbs, s.rehearsalVerbs())
	maps.Copy(verbs, s.reachVerbs())
	maps.Copy(verbs, s.catchAllVerbs())
	maps.Copy(verbs, s.routingVerbs())
	maps.Copy(verbs, s.explanationVerbs())
	maps.Copy(verbs, s.savedSearchVerbs())
	maps.Copy(verbs, s.attachmentVerbs())
	f, ok := verbs[verb]
	if !ok {
		s.t.Fatalf("unknown verb in %q", line)
	}
	if err := f(args); err != nil {
		s.say("error: %v", err)
	}
	s.news()
}

// news shows the log lines that are new.
func (s *stage) news() {
	var lines []state.Entry
	for row := range state.Log.All(s.tx) {
		for e := range row.Lines() {
			if e.Number > s.shown {
				lines = append(lines, e)
			}
		}
	}
	slices.SortFunc(lines, func(a, b state.Entry) int { return int(a.Number) - int(b.Number) })
	for _, e := range lines {
		if e.What == 0 && e.Decision == nil {
			s.say("a line without what was decided: %s", e.Text)
		}
		a, ok := state.FindAlert(s.tx, state.Ref{ID: e.Alert})
		if !ok {
			a = &alert.Alert{} // it has been deleted
		}
		s.say("%7s #%d %s: %s", e.At.Sub(s.start), a.Tiny, shortened(e.Owner), shortened(e.Text))
		s.shown = e.Number
	}
}

// user NAME LANG [KIND:ADDRESS]... [/ KIND@DELAY...]: a person with contacts and one rule.
func (s *stage) user(args []string) error {
	u := reach.User{Username: args[0], FullName: args[0], Language: args[1], Zone: "Asia/Ho_Chi_Minh"}
	if old, ok := state.FindUser(s.tx, args[0]); ok {
		u.ID = old.ID
	}
	var steps []reach.Step
	for _, a := range args[2:] {
		if kind, address, ok := strings.Cut(a, ":"); ok {
			u.Contacts = append(u.Contacts, reach.Contact{Kind: kind, Address: address})
		}
		if kind, delay, ok := strings.Cut(a, "@"); ok {
			steps = append(steps, reach.Step{Contact: core.ContactID(kind), After: s.duration(delay)})
		}
	}
	if len(steps) > 0 {
		u.Rules = []reach.NotificationRule{{Action: reach.CreateAlert, Steps: steps}}
	}
	_, err := do(s, state.PutUser{User: u})
	return err
}

func (s *stage) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// schedule NAME ZONE START USER...: one weekly rotation.
func (s *stage) schedule(args []string) error {
	start, err := time.Parse(time.RFC3339, args[2])
	if err != nil {
		s.t.Fatal(err)
	}
	r := rota.Rotation{Start: start, Unit: rota.Weekly}
	for _, name := range args[3:] {
		u, ok := state.FindUser(s.tx, name)
		if !ok {
			u = &reach.User{}
		}
		r.Participants = append(r.Participants, rota.Participant{User: u.ID})
	}
	_, err = do(s, state.PutSchedule{Schedule: rota.Schedule{Name: args[0], Zone: args[1], Rotations: []rota.Rotation{r}}})
	return err
}

func (s *stage) responder(text string) alert.Responder {
	kind, name, _ := strings.Cut(text, ":")
	switch kind {
	case "user":
		if u, ok := state.FindUser(s.tx, name); ok {
			return alert.Responder{Kind: alert.User, ID: string(u.ID)}
		}
		return alert.Responder{Kind: alert.User, ID: name}
	case "schedule":
		if x, ok := state.FindSchedule(s.tx, name); ok {
			return alert.Responder{Kind: alert.Schedule, ID: string(x.ID)}
		}
		return alert.Responder{Kind: alert.Schedule, ID: name}
	case "escalation":
		if x, ok := state.FindEscalation(s.tx, name); ok {
			return alert.Responder{Kind: alert.Escalation, ID: string(x.ID)}
		}
		return alert.Responder{Kind: alert.Escalation, ID: name}
	case "team":
		if x, ok := state.FindTeam(s.tx, name); ok {
			return alert.Responder{Kind: alert.Team, ID: string(x.ID)}
		}
		return alert.Responder{Kind: alert.Team, ID: name}
	}
	return alert.Responder{}
}

// escalation NAME [repeat=WAIT/COUNT[/reset][/close]] DELAY[/WORD]...=RESPONDER...
func (s *stage) escalation(args []string) error {
	_, err := do(s, state.PutEscalation{Policy: s.escalationOf(args)})
	return err
}

func (s *stage) escalationOf(args []string) escalate.Policy {
	p := escalate.Policy{Name: args[0]}
	if old, ok := state.FindEscalation(s.tx, args[0]); ok {
		p.ID = old.ID
	}
	for _, a := range args[1:] {
		when, who, _ := strings.Cut(a, "=")
		if when == "repeat" {
			p.Repeat = s.repeat(strings.Split(who, "/"))
			continue
		}
		words := strings.Split(when, "/")
		r := escalate.Rule{Condition: escalate.IfNotAcked, Delay: s.duration(words[0]), Recipient: s.responder(who)}
		for _, word := range words[1:] {
			switch n, known := escalate.ParseNotify(word); {
			case word == "unclosed":
				r.Condition = escalate.IfNotClosed
			case word == "ends":
				r.EndsEarlier = true
			case known:
				r.Notify = n
			default:
				fmt.Sscan(word, &r.Acks)
			}
		}
		p.Rules = append(p.Rules, r)
	}
	return p
}

// repeat reads WAIT/COUNT[/reset][/close].
func (s *stage) repeat(words []string) escalate.Repeat {
	r := escalate.Repeat{Wait: s.duration(words[0]), Reset: slices.Contains(words, "reset"), CloseAfterAll: slices.Contains(words, "close")}
	fmt.Sscan(words[1], &r.Count)
	return r
}

// team NAME [RESPONDER]: one routing rule that matches everything; no responder notifies nobody.
func (s *stage) team(args []string) error {
	t := route.Team{Name: args[0], Rules: []route.Rule{{}}}
	if old, ok := state.FindTeam(s.tx, args[0]); ok {
		t.ID = old.ID
	}
	if len(args) > 1 {
		t.Rules[0].Notify = s.responder(args[1])
	}
	_, err := do(s, state.PutTeam{Team: t})
	return err
}

// create ALIAS [PRIORITY] [DETAIL=VALUE]... [RESPONDER]...
func (s *stage) create(args []string) error {
	r, err := do(s, state.CreateAlert{Request: fmt.Sprint("r", s.seeds), Draft: s.draftOf(args)})
	if err == nil {
		s.say("request: %s", r.Status)
	}
	return err
}

// draftOf returns an alert as the verb create says it.
func (s *stage) draftOf(args []string) alert.Draft {
	d := alert.Draft{Message: "trouble with " + args[0], Alias: args[0], Integration: "key"}
	for _, a := range args[1:] {
		if p, err := core.ParsePriority(a); err == nil {
			d.Priority = p
			continue
		}
		if key, value, ok := strings.Cut(a, "="); ok {
			if d.Details == nil {
				d.Details = map[string]string{}
			}
			d.Details[key] = value
			continue
		}
		d.Responders = append(d.Responders, s.responder(a))
	}
	return d
}

func (s *stage) ack(args []string) error {
	r, err := do(s, state.AcknowledgeAlert{Alert: named(args[0]), User: args[1]})
	s.say("request: %v %s", r.Success, r.Status)
	return err
}

func (s *stage) close(args []string) error {
	r, err := do(s, state.CloseAlert{Alert: named(args[0]), User: args[1]})
	s.say("request: %v %s", r.Success, r.Status)
	return err
}

// wait DURATION: lets time pass; what is due on the way is done at its moment.
func (s *stage) wait(args []string) error {
	end := s.now.Add(s.duration(args[0]))
	for {
		next, ok := state.NextDeadline(s.tx)
		if !ok || next.After(end) {
			break
		}
		s.now = next
		if _, err := do(s, state.DoDue{}); err != nil {
			return err
		}
		s.news()
	}
	s.now = end
	return nil
}

// down DURATION: the hub does nothing for a while, and then at once what has become due.
func (s *stage) down(args []string) error {
	s.now = s.now.Add(s.duration(args[0]))
	for {
		due, err := do(s, state.DoDue{})
		if err != nil || !due.More {
			return err
		}
	}
}

// report KIND USER STAGE [failure=F] [reply=R] [number=N] [gateway=G]: the gateway says something of the
// newest page of that kind to that person.
func (s *stage) report(args []string) error {
	u, _ := state.FindUser(s.tx, args[1])
	var page *state.Delivery
	for d := range state.Deliveries.All(s.tx) {
		if string(d.Kind) != args[0] || d.User != u.ID || d.Held {
			continue
		}
		if page == nil || d.QueuedAt().After(page.QueuedAt()) || d.QueuedAt().Equal(page.QueuedAt()) && page.Final() {
			page = d
		}
	}
	if page == nil {
		s.t.Fatalf("no page by %s to %s", args[0], args[1])
	}
	r := channel.Report{Page: string(page.ID), At: s.now, Stage: channel.Stage(args[2])}
	s.reports[r.Page]++
	r.Number = s.reports[r.Page]
	gateway := ""
	for _, a := range args[3:] {
		if f, ok := strings.CutPrefix(a, "failure="); ok {
			r.Failure = channel.Failure(f)
		}
		if f, ok := strings.CutPrefix(a, "reply="); ok {
			r.Reply = channel.Reply(f)
		}
		if a == "again" {
			r.Number--
			s.reports[r.Page]--
		}
		if g, ok := strings.CutPrefix(a, "gateway="); ok {
			gateway = g
		}
		if n, ok := strings.CutPrefix(a, "number="); ok {
			fmt.Sscan(n, &r.Number)
		}
	}
	_, err := do(s, state.TakeReports{Reports: []channel.Report{r}, Gateway: gateway})
	return err
}

// show: the alerts, the outbox and the deadlines.
func (s *stage) show([]string) error {
	for a := range state.Alerts.All(s.tx) {
		s.say("alert #%d %s %s acked=%v count=%d owner=%s resting=%q", a.Tiny, a.Alias, a.Status, a.Acknowledged, a.Count, a.Owner, a.Resting)
	}
	for _, d := range append(state.Outbox(s.tx, 100), state.OpenNotices(s.tx, 100)...) {
		s.say("outbox: %s to %s, %s", d.Kind, d.Address, d.Trace[len(d.Trace)-1])
		if late := s.now.Sub(d.DueAt()); late > 30*time.Second {
			s.say("outbox: that page is late by %s, to be sent within %s", late, d.SendBy.Sub(s.now))
		}
	}
	for d := range state.Deadlines.All(s.tx) {
		if d.Kind != state.RetentionDue && d.Kind != state.ScheduleLook && d.Kind != state.ScheduleRound { // of those tell the verbs "retention" and "looks"
			s.say("deadline: %s kind %d", d.At.Sub(s.start), d.Kind)
		}
	}
	return nil
}

// found LANGUAGE: founds the cluster.
func (s *stage) found(args []string) error {
	_, err := do(s, state.FoundCluster{Name: "Kẻng", Language: args[0]})
	return err
}

// agent NAME: joins.
func (s *stage) agent(args []string) error {
	_, err := do(s, state.UseToken{Kind: "agent", Name: args[0]})
	return err
}

// dropped AGENT EPOCH FIRST LAST: in the place of event FIRST, the agent says that it had
// to drop what there was from there to LAST.
func (s *stage) dropped(args []string) error {
	var e state.Event
	var last uint64
	fmt.Sscan(args[2], &e.Number)
	fmt.Sscan(args[3], &last)
	e.At, e.State, e.Dropped = s.now, state.Unknown, last-e.Number+1
	p := s.peer(args[0])
	taken, err := do(s, state.TakeEvents{Agent: p.ID, Epoch: bytes.Repeat([]byte(args[1]), 16), Events: []state.Event{e}})
	if err == nil {
		s.say("kept through %d, %d dropped so far", taken.Through, s.peer(args[0]).Dropped)
	}
	return err
}

// tells AGENT EPOCH BACKLOG NUMBER:CHECK:up|down|removed:AGE...: several events at once, of
// an agent that had written those below BACKLOG before it connected.
func (s *stage) tells(args []string) error {
	command := state.TakeEvents{Agent: s.peer(args[0]).ID, Epoch: bytes.Repeat([]byte(args[1]), 16)}
	fmt.Sscan(args[2], &command.Backlog)
	for _, a := range args[3:] {
		words := strings.Split(a, ":")
		e := state.Event{At: s.now.Add(-s.duration(words[3])), Check: words[1], Site: "branch-3", Reason: "seen", Priority: core.P1, Kind: "http", State: state.Up}
		fmt.Sscan(words[0], &e.Number)
		if words[2] == "down" {
			e.State = state.Down
		}
		e.Removed = words[2] == "removed"
		command.Events = append(command.Events, e)
	}
	taken, err := do(s, command)
	if err == nil {
		s.say("kept through %d", taken.Through)
	}
	return err
}

func (s *stage) peer(name string) *state.Peer {
	for p := range state.Peers.All(s.tx) {
		if p.Name == name {
			return p
		}
	}
	s.t.Fatalf("no agent %s", name)
	return nil
}

// event AGENT EPOCH NUMBER CHECK up|down|unknown|cut-off [TEAM]
func (s *stage) event(args []string) error {
	id := s.peer(args[0]).ID
	var n uint64
	fmt.Sscan(args[2], &n)
	e := state.Event{Number: n, At: s.now, Check: args[3], Site: "branch-3", Reason: "connection refused", Priority: core.P1, Kind: "http"}
	e.State = map[string]state.CheckState{"up": state.Up, "down": state.Down, "unknown": state.Unknown, "cut-off": state.Down}[args[4]]
	e.CutOff = args[4] == "cut-off"
	if len(args) > 5 {
		e.Team = args[5]
	}
	taken, err := do(s, state.TakeEvents{Agent: id, Epoch: bytes.Repeat([]byte(args[1]), 16), Events: []state.Event{e}})
	if err == nil {
		s.say("kept through %d", taken.Through)
	}
	return err
}
