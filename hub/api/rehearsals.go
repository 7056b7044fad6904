package api

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/channel"
)

// rehearsalRoutes is the part of the table about what would happen. It tells who would be paged
// and changes nothing: so the right to read is enough.
func rehearsalRoutes() []route {
	return []route{{"POST", "/keng/v1/rehearsals", state.Read, false, searchDomain, on((*API).rehearse)}}
}

// rehearsalIn is a rehearsal as it is asked for.
type rehearsalIn struct {
	createAlertIn
	integration string
	of          state.Rehearsal
}

func (in *rehearsalIn) read(c *call) {
	in.asker = c.asker()
	b, ok := c.body.child("alert")
	if !ok {
		c.body.complain("alert", "must be an alert, as for POST /v2/alerts")
		return
	}
	in.readAlert(b, c.address())
	if in.integration = c.body.text("integration"); in.integration != "" && in.key.Team != "" {
		c.body.complain("integration", "must be left out with a key of a team")
	}
	if at := c.body.saidMoment("at"); at != nil {
		in.of.At = *at
	}
	in.of.For, in.of.AckAfter = c.body.lasting("for", state.RehearsalFor), c.body.lasting("ackAfter", 0)
	for _, kind := range c.body.texts("fail") {
		in.of.Fails = append(in.of.Fails, channel.Kind(kind))
	}
	in.of.Seed = in.seed
}

// lasting returns a length of time such as 90m, or what is to be taken if it is absent.
func (o object) lasting(key string, otherwise time.Duration) time.Duration {
	text := o.text(key)
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		o.complain(key, "must be a duration such as 72h or 30m")
		return otherwise
	}
	return d
}

// rehearsal is what would happen, as replies tell it.
type rehearsal struct {
	At     moment          `json:"at"`
	Until  moment          `json:"until"`
	Status string          `json:"status"`       // of the request to create the alert
	TinyID uint64          `json:"tinyId"`       // of an alert that is open already and has the alias; 0: the alert is new
	Parent uint64          `json:"parentTinyId"` // under which it comes; 0: under none
	Steps  []rehearsalStep `json:"steps"`
	End    string          `json:"end"`
	EndAt  moment          `json:"endAt"`
	Why    string          `json:"why"`
}

// rehearsalStep is a page, or a line of the activity log.
type rehearsalStep struct {
	At     moment         `json:"at"`
	Offset float64        `json:"offset"` // seconds since the alert came
	Type   string         `json:"type"`   // page or log
	Log    string         `json:"log,omitempty"`
	LogVi  string         `json:"logVi,omitempty"`
	Owner  string         `json:"owner,omitempty"`
	Page   *rehearsalPage `json:"page,omitempty"`
}

// rehearsalPage is a page that would go out.
type rehearsalPage struct {
	User     someone        `json:"user"`
	FullName string         `json:"fullName"`
	TimeZone string         `json:"timeZone"`
	Contact  string         `json:"contactId"`
	Kind     string         `json:"kind"`
	To       string         `json:"to"` // how the contact is called
	Why      string         `json:"why"`
	WhyVi    string         `json:"whyVi"`
	Alerts   int            `json:"alerts"`
	HeldFrom *moment        `json:"heldFrom,omitempty"`
	Assumed  *rehearsalFate `json:"assumed,omitempty"` // nil: under way at the end
}

// rehearsalFate is what is assumed of a page.
type rehearsalFate struct {
	At      moment `json:"at"`
	Stage   string `json:"stage"`
	Failure string `json:"failure,omitempty"`
	Detail  string `json:"detail,omitempty"`
}

// nowSlack is how far in the past what is meant as now may lie: clocks differ.
const nowSlack = time.Minute

func (a *API) rehearse(ctx context.Context, in *rehearsalIn) (*data[rehearsal], error) {
	if a.Rehearse == nil {
		return nil, &core.Error{Kind: core.Unavailable, Words: "This node cannot rehearse."}
	}
	// With what was acknowledged until now: who changes a rota rehearses next.
	err := a.Store.View(ctx, true, func(tx reader) error {
		in.resolve(tx)
		in.draft.Integration = in.key.ID
		if in.integration == "" {
			return nil
		}
		for i := range state.Integrations.All(tx) {
			if in.integration == string(i.Rules.ID) || in.integration == i.Rules.Name {
				in.draft.Integration = i.Rules.ID
				return nil
			}
		}
		return core.Invalid("integration", core.Missing("Integration", in.integration).Words)
	})
	if err != nil {
		return nil, err
	}
	now := a.Now()
	r := in.of
	r.Draft = in.draft
	if r.At.IsZero() || r.At.Before(now) && r.At.After(now.Add(-nowSlack)) {
		r.At = now
	}
	if err := r.Check(now); err != nil {
		return nil, err
	}
	out, err := a.Rehearse(ctx, r)
	if err != nil {
		return nil, err
	}
	return &data[rehearsal]{rehearsalOf(out)}, nil
}

func rehearsalOf(r *state.Rehearsed) rehearsal {
	out := rehearsal{
		At: moment{r.At}, Until: moment{r.Until}, Status: r.Became.Status, TinyID: r.Number, Parent: r.Parent,
		Steps: []rehearsalStep{}, End: string(r.End), EndAt: moment{r.EndAt}, Why: r.Why,
	}
	for _, step := range r.Steps {
		s := rehearsalStep{At: moment{step.At}, Offset: step.At.Sub(r.At).Seconds(), Type: "log"}
		if step.Line != nil {
			s.Log, s.LogVi, s.Owner = step.Line.Text, step.Line.TextVi(), step.Line.Owner
		} else {
			s.Type, s.Page = "page", rehearsalPageOf(step.Page, step.At)
		}
		out.Steps = append(out.Steps, s)
	}
	return out
}

func rehearsalPageOf(p *state.RehearsedPage, at time.Time) *rehearsalPage {
	out := &rehearsalPage{
		User: someone{Type: "user", ID: string(p.User), Username: p.Username}, FullName: p.FullName, TimeZone: p.Zone,
		Contact: string(p.Contact), Kind: string(p.Kind), To: calledContact(p), Why: p.Why.String(), WhyVi: p.Why.TextVi(), Alerts: p.Alerts,
	}
	if p.PlanAt.Before(at) {
		out.HeldFrom = &moment{p.PlanAt}
	}
	if e := p.Ended; e.Stage != "" {
		out.Assumed = &rehearsalFate{At: moment{e.At}, Stage: string(e.Stage), Failure: string(e.Failure), Detail: e.Detail}
	}
	return out
}

// calledContact says which of a person's contacts it is without giving the address away: a device
// by its name, a mail address by its first letter and its host, a number by its last three digits.
func calledContact(p *state.RehearsedPage) string {
	if p.Kind == channel.Push {
		return p.Given
	}
	if name, host, ok := strings.Cut(p.Address, "@"); ok {
		_, first := utf8.DecodeRuneInString(name)
		return name[:first] + "…@" + host
	}
	runes := []rune(p.Address)
	return "…" + string(runes[max(0, len(runes)-3):])
}
