package api

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"keng/hub/core"
	"keng/hub/core/escalate"
	"keng/hub/core/explain"
	"keng/hub/state"
	"keng/raftstore/table"
)

// explanationRoutes are the operations that explain alerts.
func explanationRoutes() []route {
	return []route{
		{"GET", "/keng/v1/alerts/{identifier...}/explanation", state.Read, false, alertDomain, on((*API).explainAlert)},
	}
}

// explainIn asks why people were paged for an alert, or were not.
type explainIn struct {
	ref        state.Ref
	vietnamese bool
	zone       string
}

func (in *explainIn) read(c *call) {
	in.ref = c.alert()
	in.vietnamese = c.choice("language", "en", "vi") == "vi"
	in.zone = cmp.Or(c.query("timezone"), "UTC")
}

// explanation is [explain.Account] as replies tell it: what it says as data and, for each
// thing, as a sentence.
type explanation struct {
	AlertID     string            `json:"alertId"`
	TinyID      string            `json:"tinyId"`
	Language    string            `json:"language"`
	State       decision          `json:"state"`
	Under       *decision         `json:"under,omitempty"`
	StandsFor   *decision         `json:"standsFor,omitempty"`
	PageCount   int               `json:"pageCount"`
	People      []explainedPerson `json:"people"`
	Decisions   []decision        `json:"decisions"`
	Next        []decision        `json:"next"`
	NothingNext *decision         `json:"nothingNext,omitempty"`
	Lines       []string          `json:"lines"`
}

// decision is something that was decided, or is to come.
type decision struct {
	Kind  string        `json:"kind"`
	At    *moment       `json:"at,omitempty"`
	User  *deliveryUser `json:"user,omitempty"`
	Why   *way          `json:"why,omitempty"`
	Until *moment       `json:"until,omitempty"`
	Text  string        `json:"text"`
}

// way is [explain.Reason]: how it came to somebody.
type way struct {
	Team             *named        `json:"team,omitempty"`
	RoutingRule      *named        `json:"routingRule,omitempty"`
	Escalation       *named        `json:"escalation,omitempty"`
	Step             int           `json:"step,omitempty"`
	Schedule         *named        `json:"schedule,omitempty"`
	Override         string        `json:"override,omitempty"`
	ForwardedFrom    *deliveryUser `json:"forwardedFrom,omitempty"`
	NotificationRule *named        `json:"notificationRule,omitempty"`
	AfterPage        string        `json:"afterPage,omitempty"`
	Repeat           int           `json:"repeat,omitempty"`           // how often the escalation's steps had run before
	NotifyType       string        `json:"notifyType,omitempty"`       // of the step, if it is not default
	Acknowledgements int           `json:"acknowledgements,omitempty"` // how many must acknowledge
	AcknowledgedBy   string        `json:"acknowledgedBy,omitempty"`   // called all the same, until the alert is closed
	AssignedBy       string        `json:"assignedBy,omitempty"`
	Again            int           `json:"again,omitempty"` // how often the person's rule has repeated
	LastResort       bool          `json:"lastResort,omitempty"`
}

// named is a thing by its id and its name, of one without a name its number; the name is left
// out if the thing is gone.
type named struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

type explainedPerson struct {
	User      deliveryUser    `json:"user"`
	Paged     bool            `json:"paged"`
	Tried     int             `json:"tried"`
	Failed    int             `json:"failed"`
	Withdrawn int             `json:"withdrawn"`
	Text      string          `json:"text"`
	Pages     []explainedPage `json:"pages"`
	Notes     []decision      `json:"notes"`
}

type explainedPage struct {
	ID        string      `json:"id"`
	At        moment      `json:"at"`
	Kind      string      `json:"kind"`
	ContactID string      `json:"contactId"`
	Others    int         `json:"others,omitempty"`
	Why       way         `json:"why"`
	Final     bool        `json:"final"`
	Fate      traceRecord `json:"fate"`
	Text      string      `json:"text"`
}

func (a *API) explainAlert(ctx context.Context, in *explainIn) (*data[explanation], error) {
	var out data[explanation]
	err := a.look(ctx, func(tx table.Reader) error {
		row, err := findAlert(tx, in.ref)
		if err != nil {
			return err
		}
		zone, err := a.zones.In(tx)(in.zone)
		if err != nil {
			return core.Invalid("timezone", "is not a time zone that is known here: write a name such as Asia/Ho_Chi_Minh")
		}
		account := state.Explain(tx, row, a.zones.In(tx), zone)
		t := teller{in.vietnamese}
		out.of = t.account(&account)
		out.of.AlertID, out.of.TinyID = string(row.ID), strconv.FormatUint(row.Tiny, 10)
		return nil
	})
	return &out, err
}

// teller tells decisions in a language.
type teller struct{ vietnamese bool }

func (t teller) text(d explain.Decision) string {
	if t.vietnamese {
		return d.TextVi()
	}
	return d.Text()
}

func (t teller) cause(d explain.Decision) string {
	if t.vietnamese {
		return d.CauseVi()
	}
	return d.Cause()
}

func (t teller) account(a *explain.Account) explanation {
	out := explanation{
		Language: "en", State: t.noted(explain.Noted{At: a.State.At, Decision: a.State}), PageCount: a.Pages,
		Under: t.maybe(a.Under), StandsFor: t.maybe(a.Over), NothingNext: t.maybe(a.Rests),
		People: []explainedPerson{}, Decisions: t.all(a.Decisions), Next: t.all(a.Next),
		Lines: a.Lines(t.vietnamese, func(at time.Time) string { return at.Format(explain.Clock) }),
	}
	if t.vietnamese {
		out.Language = "vi"
	}
	for i := range a.People {
		p := &a.People[i]
		tally := p.Tally()
		person := explainedPerson{
			User: deliveryUser{ID: string(p.User), Username: p.Name}, Paged: tally.Tried > tally.Failed, Tried: tally.Tried, Failed: tally.Failed, Withdrawn: tally.Withdrawn,
			Text: t.text(p.Summary()), Pages: []explainedPage{}, Notes: []decision{},
		}
		for _, page := range p.Pages {
			person.Pages = append(person.Pages, t.page(&page))
		}
		for _, n := range p.Notes {
			note := t.noted(n)
			note.Text = t.cause(n.Decision) // what comes of it is that the person was not paged
			person.Notes = append(person.Notes, note)
		}
		out.People = append(out.People, person)
	}
	return out
}

func (t teller) maybe(d *explain.Decision) *decision {
	if d == nil {
		return nil
	}
	told := t.noted(explain.Noted{Decision: *d})
	return &told
}

func (t teller) all(noted []explain.Noted) []decision {
	out := []decision{}
	for _, n := range noted {
		out = append(out, t.noted(n))
	}
	return out
}

func (t teller) noted(n explain.Noted) decision {
	d := n.Decision
	out := decision{Kind: d.Kind.String(), Text: t.text(d), At: momentOf(n.At), Why: wayOf(d.Why, "", "")}
	if d.User != "" {
		out.User = &deliveryUser{ID: string(d.User), Username: d.Name}
	}
	if !d.At.Equal(n.At) {
		out.Until = momentOf(d.At)
	}
	return out
}

func (t teller) page(p *explain.Page) explainedPage {
	d := &p.Decision
	return explainedPage{
		ID: string(p.ID), At: moment{p.At}, Kind: d.By, ContactID: string(p.Contact), Others: d.Count, Why: *wayOf(d.Why, d.Of[0], d.Of[1]), Final: p.Final,
		Fate: traceRecord{At: moment{p.FateAt}, Stage: d.Fate.Stage, Failure: d.Fate.Failure, Reply: d.Fate.Reply, Detail: d.Fate.Detail},
		Text: t.text(*d),
	}
}

func momentOf(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	return &moment{t}
}

// wayOf tells a way with the names of the rules by which it led.
func wayOf(r *explain.Reason, routingRule, notificationRule string) *way {
	if r == nil {
		return nil
	}
	out := &way{
		Team: namedOf(string(r.Team), r.TeamName), RoutingRule: namedOf(r.RoutingRule, routingRule), Escalation: namedOf(string(r.Escalation), r.EscalationName), Step: r.Step,
		Schedule: namedOf(string(r.Schedule), r.ScheduleName), Override: r.Override, NotificationRule: namedOf(r.NotificationRule, notificationRule),
		AfterPage: string(r.After), LastResort: r.LastResort, Repeat: r.Repeat, AcknowledgedBy: r.Unclosed, AssignedBy: r.Assigned, Again: r.Again,
	}
	if r.Notify != escalate.Default {
		out.NotifyType = r.Notify.String()
	}
	if r.Acks > 1 {
		out.Acknowledgements = r.Acks
	}
	if r.For != "" {
		out.ForwardedFrom = &deliveryUser{ID: string(r.For), Username: r.ForName}
	}
	return out
}

func namedOf(id, name string) *named {
	if id == "" {
		return nil
	}
	return &named{id, name}
}
