package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/query"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// userIn names a person, and says what the person is to be.
type userIn struct {
	user   state.Pick
	fields state.UserFields
	expand bool
	seen   scheduleName // which schedules the caller may see
}

func (in *userIn) read(c *call) {
	in.user, in.seen.of = state.Either(c.identifier("identifier")), c.key.Team
	in.expand = strings.Contains(c.query("expand"), "contact")
	b := c.body
	in.fields = state.UserFields{
		Username: b.said("username"), FullName: b.said("fullName"), Zone: b.said("timeZone"), Locale: b.said("locale"),
		Skype: b.said("skypeUsername"), Tags: b.saidTexts("tags"), Details: b.lists("details"),
	}
	if role := b.saidPick("role"); role != nil {
		name := cmp.Or(role.Name, role.ID)
		in.fields.Role = &name
	}
	if a, ok := b.child("userAddress"); ok {
		in.fields.Address = &reach.Address{Country: a.text("country"), State: a.text("state"), City: a.text("city"), Line: a.text("line"), ZipCode: a.text("zipCode")}
	}
	in.readPeace(b)
	b.saidTruth("invitationDisabled") // nobody is invited by mail
}

// readPeace reads when the person is not to be paged. What is null, or an empty object, ends.
func (in *userIn) readPeace(b object) {
	f := &in.fields
	if f.MutedUntil = b.saidMoment("mutedUntil"); b.none("mutedUntil") {
		over := time.Unix(0, 0) // a zero time would not be told from one that was not said
		f.MutedUntil = &over
	}
	quiet, _ := b.child("quietHours")
	f.QuietHours, f.PierceQuiet = quiet.saidRestriction("timeRestriction"), quiet.saidTruth("p1Pierces")
	if f.QuietHours != nil && len(f.QuietHours.Windows) == 0 {
		quiet.complain("timeRestriction", "must say hours, or be null to take them away")
	}
	if b.none("quietHours") || quiet.none("timeRestriction") {
		f.QuietHours = &rota.Restriction{}
	}
	if b.none("quietHours") {
		f.PierceQuiet = new(bool)
	}
}

func createUser(in *userIn) state.CreateUser { return state.CreateUser{Fields: in.fields} }
func changeUser(in *userIn) state.ChangeUser {
	return state.ChangeUser{User: in.user, Fields: in.fields}
}
func deleteUser(in *userIn) state.DeleteUser { return state.DeleteUser{User: in.user} }

func userCreated(u reach.User) *written {
	return created(thing{ID: string(u.ID), Name: u.Username})
}

func userChanged(u reach.User) *written {
	return updated(thing{ID: string(u.ID), Name: u.Username})
}

// userRecord is a person as replies tell it.
type userRecord struct {
	ID        string              `json:"id"`
	Username  string              `json:"username"`
	FullName  string              `json:"fullName"`
	Role      thing               `json:"role"`
	Blocked   bool                `json:"blocked"`
	Verified  bool                `json:"verified"`
	Skype     string              `json:"skypeUsername,omitempty"`
	Tags      []string            `json:"tags"`
	Details   map[string][]string `json:"details"`
	TimeZone  string              `json:"timeZone"`
	Locale    string              `json:"locale"`
	Address   addressRecord       `json:"userAddress"`
	CreatedAt *moment             `json:"createdAt,omitempty"`
	Muted     *moment             `json:"mutedUntil,omitempty"`
	Quiet     *quietRecord        `json:"quietHours,omitempty"`
	Contacts  []userContact       `json:"userContacts,omitempty"`
}

// quietRecord is when a person is not to be paged.
type quietRecord struct {
	When      *restriction `json:"timeRestriction,omitempty"`
	P1Pierces bool         `json:"p1Pierces"`
}

type addressRecord struct {
	Country string `json:"country"`
	State   string `json:"state"`
	City    string `json:"city"`
	Line    string `json:"line"`
	ZipCode string `json:"zipCode"`
}

// userContact is a contact in its person's record.
type userContact struct {
	To             string `json:"to"`
	ID             string `json:"id"`
	Method         string `json:"contactMethod"`
	Enabled        bool   `json:"enabled"`
	DisabledReason string `json:"disabledReason,omitempty"`
}

func userOf(u *reach.User, expand bool, now time.Time) userRecord {
	p := &u.Profile
	role := cmp.Or(p.Role, "User")
	out := userRecord{
		ID: string(u.ID), Username: u.Username, FullName: u.FullName, Role: thing{ID: role, Name: role}, Blocked: u.Blocked, Verified: true,
		Skype: p.Skype, Tags: orEmpty(p.Tags), Details: p.Details, TimeZone: u.Zone, Locale: p.Locale,
		Address: addressRecord{p.Address.Country, p.Address.State, p.Address.City, p.Address.Line, p.Address.ZipCode},
	}
	if out.Locale == "" {
		out.Locale = map[string]string{"vi": "vi_VN", "en": "en_US"}[u.Language]
	}
	if out.Details == nil {
		out.Details = map[string][]string{}
	}
	if !p.CreatedAt.IsZero() {
		out.CreatedAt = &moment{p.CreatedAt}
	}
	if u.MutedUntil.After(now) {
		out.Muted = &moment{u.MutedUntil}
	}
	if u.QuietHours != nil || u.PierceQuiet {
		out.Quiet = &quietRecord{restrictionOf(u.QuietHours), u.PierceQuiet}
	}
	if expand {
		for i := range u.Contacts {
			k := contactOf(&u.Contacts[i])
			out.Contacts = append(out.Contacts, userContact{To: k.To, ID: k.ID, Method: k.Method, Enabled: k.Status.Enabled, DisabledReason: k.Status.DisabledReason})
		}
	}
	return out
}

// userDetail is a person by itself, with what more may be asked for.
type userDetail struct{ of userRecord }

func (d *userDetail) fill(e *envelope) int {
	status := (&data[userRecord]{d.of}).fill(e)
	e.Expandable = []string{"contact"}
	return status
}

func (a *API) getUser(ctx context.Context, in *userIn) (*userDetail, error) {
	var out userDetail
	err := a.look(ctx, func(tx reader) error {
		u, err := in.user.User(tx)
		if err == nil {
			out.of = userOf(u, in.expand, a.Now())
		}
		return err
	})
	return &out, err
}

// peopleWords is the vocabulary of queries about people.
var peopleWords = sync.OnceValue(query.Users)

// listUsersIn is a page of the people.
type listUsersIn struct {
	query         *query.Query
	order         query.Order
	offset, limit int
	link          func(pairs ...string) string
}

func (in *listUsersIn) read(c *call) {
	q, err := query.Parse(c.query("query"), peopleWords(), query.Options{Now: c.now(), Zone: c.home()})
	if err != nil {
		c.wrong["query"] = err.Error()
	}
	in.query = q
	in.limit, in.offset = c.number("limit", 1, listMax, listMax), c.number("offset", 0, 1<<30, 0)
	sort := cmp.Or(c.query("sort"), c.query("sortField"), "username")
	in.order, err = peopleWords().Order(sort, c.choice("order", "asc", "desc"))
	c.blame(err)
	in.link = c.link
}

// person is somebody to whom queries are put.
type person struct{ *reach.User }

// Texts implements [query.Subject].
func (p person) Texts(field string, values []string) []string {
	u := userOf(p.User, false, time.Time{})
	switch field {
	case "username":
		return append(values, u.Username)
	case "fullName":
		return append(values, u.FullName)
	case "role":
		return append(values, u.Role.Name)
	case "locale":
		return append(values, u.Locale)
	case "timeZone":
		return append(values, u.TimeZone)
	case "userAddress":
		a := p.Profile.Address
		return append(values, a.Line, a.City, a.State, a.ZipCode, a.Country)
	}
	return values
}

// Number implements [query.Subject].
func (p person) Number(field string) (n int64, ok bool) {
	is := func(flag bool) (int64, bool) {
		if flag {
			return 1, true
		}
		return 0, true
	}
	switch u := userOf(p.User, false, time.Time{}); field {
	case "blocked":
		return is(u.Blocked)
	case "verified":
		return is(u.Verified)
	case "createdAt":
		return p.Profile.CreatedAt.UnixMilli(), !p.Profile.CreatedAt.IsZero()
	}
	return 0, false
}

// found returns the people who are looked for, sorted, by username among equals.
func (in *listUsersIn) found(tx reader) (all []*reach.User) {
	matcher, keys := in.query.Matcher(), map[core.UserID]query.SortKey{}
	for u := range state.Users.All(tx) {
		if matcher.Match(person{u}) {
			all = append(all, u)
			keys[u.ID] = peopleWords().Key(in.order, person{u})
		}
	}
	slices.SortFunc(all, func(a, b *reach.User) int {
		return cmp.Or(in.order.Compare(keys[a.ID], keys[b.ID]), strings.Compare(a.Username, b.Username))
	})
	return all
}

// userPage is a page of people, with how many there are in all.
type userPage struct {
	page[userRecord]
	total int
}

func (p *userPage) fill(e *envelope) int {
	e.TotalCount = &p.total
	return p.page.fill(e)
}

func (a *API) listUsers(ctx context.Context, in *listUsersIn) (*userPage, error) {
	out := &userPage{}
	err := a.Store.View(ctx, false, func(tx reader) error {
		all := in.found(tx)
		out.total = len(all)
		at := func(offset int) string {
			return in.link("offset", strconv.Itoa(max(0, offset)), "limit", strconv.Itoa(in.limit))
		}
		last := max(0, len(all)-1) / in.limit * in.limit
		out.paging = &paging{First: at(0), Last: at(last)}
		if in.offset > 0 {
			out.paging.Prev = at(in.offset - in.limit)
		}
		if in.offset+in.limit < len(all) {
			out.paging.Next = at(in.offset + in.limit)
		}
		for _, u := range all[min(in.offset, len(all)):min(in.offset+in.limit, len(all))] {
			out.of = append(out.of, userOf(u, false, a.Now()))
		}
		return nil
	})
	return out, err
}

func listUserTeams(tx reader, in *userIn) ([]thing, error) {
	u, err := in.user.User(tx)
	if err != nil {
		return nil, err
	}
	var out []thing
	for t := range state.Teams.All(tx) {
		if slices.Contains(t.Members, u.ID) {
			out = append(out, thing{ID: string(t.ID), Name: t.Name})
		}
	}
	return out, nil
}

func listUserSchedules(tx reader, in *userIn) ([]thing, error) {
	u, err := in.user.User(tx)
	if err != nil {
		return nil, err
	}
	var out []thing
	has := func(r rota.Rotation) bool {
		return slices.Contains(r.Participants, rota.Participant{User: u.ID}) ||
			slices.ContainsFunc(r.Slots, func(s rota.Slot) bool { return s.Participant.User == u.ID })
	}
	for s := range state.Schedules.All(tx) {
		if in.seen.seen(s) && slices.ContainsFunc(s.Rotations, has) {
			out = append(out, scheduleThing(s))
		}
	}
	return out, nil
}

func listUserEscalations(tx reader, in *userIn) ([]escalationRecord, error) {
	u, err := in.user.User(tx)
	if err != nil {
		return nil, err
	}
	var out []escalationRecord
	self := alert.Responder{Kind: alert.User, ID: string(u.ID)}
	for e := range state.Escalations.All(tx) {
		for _, r := range e.Rules {
			if r.Recipient == self {
				out = append(out, escalationOf(tx, e))
				break
			}
		}
	}
	return out, nil
}
