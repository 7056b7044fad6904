package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/state"
)

// reachabilityRoutes is the part of the table about whether people can be reached. It tells addresses, so a
// key that is bound to a team sees nothing of it.
func reachabilityRoutes() []route {
	var list []route
	add := func(method, path string, right state.Rights, h handler) {
		list = append(list, route{method, path, right, true, configurationDomain, h})
	}
	const user = "/keng/v1/users/{identifier}"
	const verification = user + "/contacts/{contactId}/verification"
	add("POST", verification, state.Configure, change(sendCode, codeSent))
	add("POST", verification+"/confirm", state.Configure, on((*API).confirmContact))
	add("PUT", user+"/canary", state.Configure, on((*API).putCanary))
	add("DELETE", user+"/canary", state.Configure, change(deleteCanary, deleted[reach.User]))
	add("GET", user+"/reachability", state.Read, on((*API).getReachability))
	add("GET", "/keng/v1/reachability", state.Read, on((*API).listReachability))
	return list
}

// verificationIn names a contact, and may say the code that was sent to it.
type verificationIn struct {
	asker
	user    state.Pick
	contact core.ContactID
	code    string
}

func (in *verificationIn) read(c *call) {
	in.asker, in.user, in.contact, in.code = c.asker(), state.Either(c.identifier("identifier")), core.ContactID(c.identifier("contactId")), c.body.text("code")
	c.limit("code", in.code, 40)
}

func sendCode(in *verificationIn) state.SendCode {
	return state.SendCode{User: in.user, Contact: in.contact}
}

// codeRecord tells that a code was sent. It does not tell the code.
type codeRecord struct {
	Contact string `json:"contactId"`
	Method  string `json:"method"`
	To      string `json:"to"`
	Notice  string `json:"noticeId"`
	Expires moment `json:"expires"`
}

func codeSent(s state.CodeSent) *written {
	k := contactOf(&s.Contact)
	return created(codeRecord{k.ID, k.Method, k.To, string(s.Page), moment{s.Until}})
}

// confirmContact takes the code that a person has got.
func (a *API) confirmContact(ctx context.Context, in *verificationIn) (*written, error) {
	if in.code == "" {
		return nil, core.Invalid("code", "must say the digits that were sent")
	}
	said, err := do(ctx, a, in.seed, state.ConfirmContact{User: in.user, Contact: in.contact, Code: in.code})
	if err != nil {
		return nil, err
	}
	if !said.Verified {
		return nil, core.Invalid("code", "is wrong: "+triesLeft(said.Left))
	}
	return contactChanged(said.Contact), nil
}

func triesLeft(n int) string {
	switch n {
	case 0:
		return "no try is left, ask for another code"
	case 1:
		return "1 try is left"
	}
	return fmt.Sprintf("%d tries are left", n)
}

// canaryIn says when and how a person is tested daily.
type canaryIn struct {
	asker
	user   state.Pick
	by     string
	canary reach.Canary
}

func (in *canaryIn) read(c *call) {
	in.asker, in.user = c.asker(), state.Either(c.identifier("identifier"))
	if c.r.Method == "DELETE" {
		return
	}
	in.by, in.canary.Hour = c.body.text("by"), -1
	if hour := c.body.saidNumber("hour"); hour != nil {
		in.canary.Hour = *hour
	}
	if in.by == "" {
		c.wrong["by"] = "must be mobile, sms or email, or the id of a contact"
	}
	for _, word := range c.body.texts("days") {
		day, ok := weekdayOf(word)
		if !ok {
			c.wrong["days"] = "must be days of the week, such as monday"
		}
		in.canary.Days = append(in.canary.Days, day)
	}
}

func weekdayOf(word string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(word, d.String()) {
			return d, true
		}
	}
	return 0, false
}

// putCanary has a person tested daily.
func (a *API) putCanary(ctx context.Context, in *canaryIn) (*written, error) {
	in.canary.Contact = core.ContactID(in.by)
	for _, m := range methods {
		if strings.EqualFold(in.by, m.word) {
			in.canary.Contact, in.canary.Kind = "", m.kind
		}
	}
	u, err := do(ctx, a, in.seed, state.PutCanary{User: in.user, Canary: &in.canary})
	if err != nil {
		return nil, err
	}
	var out canaryRecord
	err = a.look(ctx, func(tx reader) error {
		out = *canaryOf(tx, &u)
		return nil
	})
	return updated(out), err
}

func deleteCanary(in *canaryIn) state.PutCanary { return state.PutCanary{User: in.user} }

// canaryRecord is when and how a person is tested daily, and what became of the last test.
type canaryRecord struct {
	By      string   `json:"by"` // a method
	Contact string   `json:"contactId,omitempty"`
	Hour    int      `json:"hour"`
	Days    []string `json:"days"`
	Next    *moment  `json:"nextAt,omitempty"`
	LastAt  *moment  `json:"lastAt,omitempty"`
	Last    string   `json:"last,omitempty"`
}

// canaryOf tells a person's daily test, nil if there is none.
func canaryOf(tx reader, u *reach.User) *canaryRecord {
	if u.Canary == nil {
		return nil
	}
	out := &canaryRecord{By: methodOf(u.Canary.Kind), Contact: string(u.Canary.Contact), Hour: u.Canary.Hour, Days: []string{}}
	for _, d := range u.Canary.Days {
		out.Days = append(out.Days, strings.ToLower(d.String()))
	}
	k, ok := state.GetCanary(tx, u.ID)
	if !ok {
		return out
	}
	out.Next, out.Last = &moment{k.LookAt}, state.CanaryFate(tx, k)
	if out.Last != "" {
		out.LastAt = &moment{k.LastAt}
	}
	return out
}

// reachRecord is how well a person can be reached.
type reachRecord struct {
	User     deliveryUser  `json:"user"`
	Standing string        `json:"standing"`
	Contacts []markRecord  `json:"contacts"`
	Canary   *canaryRecord `json:"canary,omitempty"`
}

// markRecord is how much a contact can be relied on, and why.
type markRecord struct {
	ID         string       `json:"id"`
	Method     string       `json:"method"`
	To         string       `json:"to"`
	Loud       bool         `json:"loud"`
	Grade      string       `json:"grade"`
	Verified   bool         `json:"verified"`
	VerifiedAt *moment      `json:"verifiedAt,omitempty"`
	Proof      *proofRecord `json:"lastProof,omitempty"`
	Failure    *proofRecord `json:"lastFailure,omitempty"`
}

// proofRecord is what happened to a page: how well it is known that it came through, or why it did not.
type proofRecord struct {
	At  moment `json:"at"`
	How string `json:"how"`
}

func reachOf(tx reader, r state.Reached, now time.Time) reachRecord {
	out := reachRecord{User: deliveryUser{ID: string(r.User.ID), Username: r.User.Username}, Standing: r.Standing.String(), Contacts: []markRecord{}, Canary: canaryOf(tx, r.User)}
	for i := range r.User.Contacts {
		k := &r.User.Contacts[i]
		p, said := state.ProofOf(tx, k), contactOf(k)
		m := markRecord{ID: said.ID, Method: said.Method, To: said.To, Loud: k.Loud(), Grade: k.Grade(&p, now).String(), Verified: !p.VerifiedAt.IsZero()}
		if m.Verified {
			m.VerifiedAt = &moment{p.VerifiedAt}
		}
		if p.By != 0 {
			m.Proof = &proofRecord{moment{p.ProvenAt}, p.By.String()}
		}
		if p.Failure != "" {
			m.Failure = &proofRecord{moment{p.FailedAt}, p.Failure}
		}
		out.Contacts = append(out.Contacts, m)
	}
	return out
}

// personIn names a person.
type personIn struct{ user state.Pick }

func (in *personIn) read(c *call) { in.user = state.Either(c.identifier("identifier")) }

func (a *API) getReachability(ctx context.Context, in *personIn) (*data[reachRecord], error) {
	var out data[reachRecord]
	now := a.Now()
	err := a.look(ctx, func(tx reader) error {
		u, err := in.user.User(tx)
		if err != nil {
			return err
		}
		out.of = reachOf(tx, state.Reached{User: u, Standing: state.StandingOf(tx, u, now)}, now)
		return nil
	})
	return &out, err
}

// listReachability tells how well people can be reached.
func (a *API) listReachability(ctx context.Context, in *rowsIn) (out *page[reachRecord], err error) {
	now := a.Now()
	err = a.look(ctx, func(tx reader) error {
		people := state.Reachability(tx, core.UserID(in.after), now)
		out = rows(in, people, func(r *state.Reached) (string, reachRecord) { return string(r.User.ID), reachOf(tx, *r, now) })
		return nil
	})
	return out, err
}
