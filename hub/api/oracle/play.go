package oracle

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Reply is what a hub answers. The body is nil if it is no JSON object.
type Reply struct {
	Status int
	Body   map[string]any
}

// data returns a member of what is told.
func (r Reply) data(name string) any {
	d, _ := r.Body["data"].(map[string]any)
	return d[name]
}

func (r Reply) list() (items []map[string]any) {
	list, _ := r.Body["data"].([]any)
	for _, item := range list {
		object, _ := item.(map[string]any)
		items = append(items, object)
	}
	return items
}

// Hub is where calls go, with a key that may do everything. It needs no alerts, but has whom alerts can call.
type Hub struct {
	// Write and Read make a call, at different nodes if there are several. A target is a path with a query.
	Write, Read func(method, target, body string) Reply
	// Now is the present moment by the clock of the hub.
	Now func() time.Time
	// Wait lets the hub's clock go on to a moment, and the hub do what is due until then. Nil: nobody waits.
	Wait func(until time.Time)
	// Source is where calls come from that do not say it.
	Source string
	// Who there is.
	User, Team, Escalation Named
}

// Named is the id and the name, or username, of somebody or something.
type Named struct{ ID, Name string }

// Step is one call to be made. What its numbers mean depends on the kind of call, and all are taken modulo what
// there is to choose from: so any steps can be played, and what is left of them when some are taken out.
type Step struct{ Kind, Alert, By, A, B, C int }

// Steps returns as many random steps. The same seed gives the same ones.
func Steps(seed uint64, n int) []Step {
	dice := rand.New(rand.NewPCG(seed, 8))
	steps := make([]Step, n)
	for i := range steps {
		steps[i] = Step{dice.IntN(1000), dice.IntN(1000), dice.IntN(1000), dice.IntN(1000), dice.IntN(1000), dice.IntN(1000)}
	}
	return steps
}

// player plays steps to a hub and to a model.
type player struct {
	hub   *Hub
	model model
	step  Step
	calls []string // made so far, but for those that only look
	saved []string // names of saved searches and their queries, after one another
}

// Play plays steps and returns the first disagreement, after the calls that led to it.
func Play(hub *Hub, steps []Step) error {
	p := &player{hub: hub}
	for _, step := range steps {
		p.step = step
		err := p.move()
		if err == nil {
			err = p.look()
		}
		if err != nil {
			return fmt.Errorf("%w\nafter\n%s", err, strings.Join(p.calls, "\n"))
		}
	}
	return p.lookAtAll()
}

// Shrink returns as few of some steps as it finds that still disagree, each time with a new hub.
func Shrink(steps []Step, hub func() *Hub) []Step {
	for again := true; again; {
		again = false
		for i := len(steps) - 1; i >= 0; i-- {
			fewer := slices.Delete(slices.Clone(steps), i, i+1)
			if Play(hub(), fewer) != nil {
				steps, again = fewer, true
			}
		}
	}
	return steps
}

// call is what a kind of call does.
type call struct {
	method, path string // below the alert's
	action       string // as the request's status tells it
	body         map[string]any
	query        url.Values
	do           func(*alert) outcome
}

// kinds are the kinds of call, the first ones the more often.
var kinds = []func(*player, asker) call{
	(*player).acknowledge, (*player).close, (*player).unacknowledge, (*player).snooze, (*player).assign, (*player).addTags, (*player).removeTags,
	(*player).addDetails, (*player).removeDetails, (*player).addNote, (*player).setMessage, (*player).setDescription, (*player).setPriority,
	(*player).addTeam, (*player).addResponder, (*player).escalate, (*player).act, (*player).remove,
}

func pick[T any](n int, from ...T) T { return from[n%len(from)] }

func (p *player) acknowledge(by asker) call {
	return call{"POST", "/acknowledge", "Acknowledge", nil, nil, func(a *alert) outcome { return a.acknowledge(by) }}
}

func (p *player) close(by asker) call {
	return call{"POST", "/close", "Close", nil, nil, func(a *alert) outcome { return a.close(by) }}
}

func (p *player) unacknowledge(asker) call {
	return call{"POST", "/unacknowledge", "UnAcknowledge", nil, nil, (*alert).unacknowledge}
}

func (p *player) snooze(by asker) call {
	until := p.hub.Now().UTC().Truncate(time.Hour).Add(time.Duration(1+p.step.A%3*24)*time.Hour + 30*time.Minute)
	text := until.Add(7 * time.Hour).Format("2006-01-02T15:04:05+07:00")
	return call{"POST", "/snooze", "Snooze", map[string]any{"endTime": text}, nil, func(a *alert) outcome { return a.snooze(by, until) }}
}

func (p *player) assign(by asker) call {
	owner := pick(p.step.A, map[string]any{"username": p.hub.User.Name}, map[string]any{"id": p.hub.User.ID}, map[string]any{"username": "ghost@example.vn"})
	return call{"POST", "/assign", "AssignOwnership", map[string]any{"owner": owner}, nil, func(a *alert) outcome {
		if owner["username"] == "ghost@example.vn" {
			return refused
		}
		return a.assign(by, p.hub.User.Name)
	}}
}

func (p *player) tags() []string {
	return [][]string{{"wifi"}, {"wifi", "core"}, {"x"}, {"mạng", "x", "wifi"}, strings.Fields("t1 t2 t3 t4 t5 t6 t7 t8 t9"), strings.Fields("u1 u2 u3 u4 u5 u6 u7 u8 u9")}[p.step.A%6]
}

func (p *player) addTags(asker) call {
	tags := p.tags()
	return call{"POST", "/tags", "AddTags", map[string]any{"tags": tags}, nil, func(a *alert) outcome { return a.addTags(tags) }}
}

func (p *player) removeTags(asker) call {
	tags := p.tags()
	return call{"DELETE", "/tags", "RemoveTags", nil, url.Values{"tags": {strings.Join(tags, ",")}}, func(a *alert) outcome { return a.removeTags(tags) }}
}

func (p *player) details() map[string]string {
	return []map[string]string{{"site": "branch-3"}, {"site": "branch-4", "run": "book"}, {"khóa": "giá trị"}}[p.step.A%3]
}

func (p *player) addDetails(asker) call {
	details := p.details()
	return call{"POST", "/details", "AddDetails", map[string]any{"details": details}, nil, func(a *alert) outcome { return a.addDetails(details) }}
}

func (p *player) removeDetails(asker) call {
	keys := slices.Sorted(maps.Keys(p.details()))
	return call{"DELETE", "/details", "RemoveDetails", nil, url.Values{"keys": {strings.Join(keys, ",")}}, func(a *alert) outcome { return a.removeDetails(keys) }}
}

func (p *player) addNote(by asker) call {
	return call{"POST", "/notes", "AddNote", map[string]any{"note": cmp.Or(by.note, "a note of its own")}, nil, func(*alert) outcome { return done }}
}

func (p *player) text() string {
	return pick(p.step.A, "one", "two words", "ba từ đây", "<four> & \"more\"")
}

func (p *player) setMessage(asker) call {
	text := p.text()
	return call{"PUT", "/message", "UpdateMessage", map[string]any{"message": text}, nil, func(a *alert) outcome { return set(&a.message, text) }}
}

func (p *player) setDescription(asker) call {
	text := pick(p.step.B, "", p.text())
	return call{"PUT", "/description", "UpdateDescription", map[string]any{"description": text}, nil, func(a *alert) outcome { return set(&a.description, text) }}
}

func (p *player) setPriority(asker) call {
	text := pick(p.step.A, "P1", "P2", "P3", "P4", "P5")
	return call{"PUT", "/priority", "UpdatePriority", map[string]any{"priority": text}, nil, func(a *alert) outcome { return set(&a.priority, text) }}
}

func (p *player) addTeam(asker) call {
	team := pick(p.step.A, map[string]any{"id": p.hub.Team.ID}, map[string]any{"name": p.hub.Team.Name}, map[string]any{"name": "ghosts"})
	return call{"POST", "/teams", "AddTeam", map[string]any{"team": team}, nil, func(a *alert) outcome {
		if team["name"] == "ghosts" {
			return refused
		}
		return a.call(party{"team", p.hub.Team.ID})
	}}
}

func (p *player) addResponder(asker) call {
	who := pick(p.step.A, party{"user", p.hub.User.ID}, party{"team", p.hub.Team.ID}, party{"user", "ghost"})
	return call{"POST", "/responders", "AddResponder", map[string]any{"responder": map[string]any{"type": who.Type, "id": who.ID}}, nil, func(a *alert) outcome {
		if who.ID == "ghost" {
			return refused
		}
		return a.call(who)
	}}
}

func (p *player) escalate(asker) call {
	name := pick(p.step.A, p.hub.Escalation.Name, p.hub.Escalation.Name, "nowhere")
	return call{"POST", "/escalate", "Escalate", map[string]any{"escalation": map[string]any{"name": name}}, nil, func(a *alert) outcome {
		if name == "nowhere" {
			return refused
		}
		return a.escalate(party{"escalation", p.hub.Escalation.ID})
	}}
}

func (p *player) act(asker) call {
	action := pick(p.step.A, "restart", "ping it", "none")
	return call{"POST", "/actions/" + url.PathEscape(action), action, nil, nil, func(a *alert) outcome { return a.run(action) }}
}

func (p *player) remove(asker) call {
	return call{"DELETE", "", "Delete", nil, nil, func(a *alert) outcome {
		a.deleted = true
		return done
	}}
}

// move makes the step's call of both.
func (p *player) move() error {
	switch {
	case p.step.Kind%4 == 0:
		return p.create()
	case p.step.Kind%13 == 1 && p.hub.Wait != nil:
		p.wait()
		return nil
	}
	by := asker{user: pick(p.step.C, "", p.hub.User.Name, "unknown"), source: pick(p.step.C/3, "", "tool"), note: pick(p.step.B/2, "", "", "a note", "ghi chú")}
	c := kinds[p.step.Kind/4%len(kinds)](p, askerOf(by, p.hub))
	said := map[string]string{"user": by.user, "source": by.source, "note": by.note}
	body, query := map[string]any{}, url.Values{}
	maps.Copy(query, c.query)
	for key, text := range said {
		if text != "" && c.method == "DELETE" {
			query.Set(key, text)
		} else if text != "" {
			body[key] = text
		}
	}
	maps.Copy(body, c.body)
	ref := p.reference()
	query.Set("identifierType", ref.by)
	target := "/v2/alerts/" + url.PathEscape(ref.value) + c.path + "?" + query.Encode()
	a := p.model.find(ref)
	what := outcome{already: noSuchAlert.already}
	if a != nil {
		if what = c.do(a); what.ok && (by.note != "" || c.action == "AddNote") {
			note, _ := body["note"].(string)
			a.notes = append(a.notes, cmp.Or(note, by.note))
		}
	}
	status, err := p.send(c.method, target, body)
	if err != nil {
		return err
	}
	return p.checkStatus(status, c.action, what, a)
}

// wait lets time go by, after which snoozes are over. It ends when an hour begins, and snoozes end between two: so it
// does not matter how long the calls themselves take.
func (p *player) wait() {
	until := p.hub.Now().Truncate(time.Hour).Add(time.Duration(1+p.step.A%30) * time.Hour)
	p.calls = append(p.calls, "wait until "+until.String())
	p.hub.Wait(until)
	for _, a := range p.model.alerts {
		if !a.snoozedUntil.IsZero() && a.snoozedUntil.Before(until) {
			a.rouse()
		}
	}
}

func askerOf(by asker, hub *Hub) asker {
	by.source = cmp.Or(by.source, hub.Source)
	return by
}

// reference names one of the alerts, or none that there is.
func (p *player) reference() reference {
	if n := len(p.model.alerts); n > 0 && p.step.Alert%12 != 0 {
		a := p.model.alerts[n-1-p.step.Alert%min(n, 6)] // mostly the newer ones: the others are closed
		return pick(p.step.By, reference{"id", a.id}, reference{"alias", a.alias}, reference{"tiny", a.tiny})
	}
	return pick(p.step.By, reference{"id", "none"}, reference{"alias", "không có"}, reference{"tiny", "999999"})
}

// send makes an asynchronous call and returns what became of it, as another node tells.
func (p *player) send(method, target string, body map[string]any) (Reply, error) {
	text := ""
	if method != "DELETE" {
		raw, err := json.Marshal(body)
		if err != nil {
			return Reply{}, err
		}
		text = string(raw)
	}
	p.calls = append(p.calls, method+" "+target+" "+text)
	ack := p.hub.Write(method, target, text)
	request, _ := ack.Body["requestId"].(string)
	if ack.Status != 202 || request == "" || ack.Body["result"] != "Request will be processed" {
		return Reply{}, fmt.Errorf("HTTP %d %v, want 202", ack.Status, ack.Body)
	}
	status := p.hub.Read("GET", "/v2/alerts/requests/"+request, "")
	if status.Status != 200 {
		return Reply{}, fmt.Errorf("the status of the request: HTTP %d %v", status.Status, status.Body)
	}
	return status, nil
}

// checkStatus compares what became of a request.
func (p *player) checkStatus(s Reply, action string, want outcome, of *alert) error {
	id, alias := "", ""
	if of != nil {
		id, alias = of.id, of.alias
	}
	words, _ := s.data("status").(string)
	integration, _ := s.data("integrationId").(string)
	processed, _ := s.data("processedAt").(string)
	switch {
	case s.data("success") != want.ok || s.data("isSuccess") != want.ok, s.data("action") != action, s.data("alertId") != id || s.data("alias") != alias,
		words == "" || want.already != "" && words != want.already || want.already == "" && strings.Contains(words, "already"), integration == "", processed == "":
		return fmt.Errorf("the request became %v,\nby the model: %s of alert %q with the alias %q, success %v, status %q", s.Body["data"], action, id, alias, want.ok, want.already)
	}
	return nil
}
