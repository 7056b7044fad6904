package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/state"
)

// userIn names a person, and says what the person is to be.
type userIn struct {
	user   state.Pick
	fields state.UserFields
	expand bool
}

func (in *userIn) read(c *call) {
	in.user = state.Either(c.identifier("identifier"))
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
	b.saidTruth("invitationDisabled") // nobody is invited by mail
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
	Contacts  []userContact       `json:"userContacts,omitempty"`
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

func userOf(u *reach.User, expand bool) userRecord {
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
			out.of = userOf(u, in.expand)
		}
		return err
	})
	return &out, err
}

// listUsersIn is a page of the people.
type listUsersIn struct {
	query         string
	offset, limit int
	sort          string
	descending    bool
	link          func(pairs ...string) string
}

func (in *listUsersIn) read(c *call) {
	in.query = strings.ToLower(strings.TrimSpace(c.query("query")))
	in.limit, in.offset = c.number("limit", 1, listMax, listMax), c.number("offset", 0, 1<<30, 0)
	in.sort = c.choice("sort", "username", "fullName", "role", "createdAt", "insertedAt", "verified", "blocked")
	if c.query("sort") == "" {
		in.sort = c.choice("sortField", "username", "fullName", "role", "createdAt", "insertedAt", "verified", "blocked")
	}
	in.descending = c.choice("order", "asc", "desc") == "desc"
	in.link = c.link
}

// match reports whether a person is looked for: "field: value", or a text in the name.
func (in *listUsersIn) match(u *reach.User) bool {
	field, value, named := strings.Cut(in.query, ":")
	value = strings.Trim(strings.TrimSpace(value), `"`)
	if !named {
		return strings.Contains(strings.ToLower(u.Username+" "+u.FullName), in.query)
	}
	r := userOf(u, false)
	text, ok := map[string]string{
		"username": r.Username, "fullname": r.FullName, "role": r.Role.Name, "locale": r.Locale, "timezone": r.TimeZone,
		"blocked": strconv.FormatBool(r.Blocked), "verified": strconv.FormatBool(r.Verified),
	}[strings.TrimSpace(field)]
	return ok && strings.HasPrefix(strings.ToLower(text), strings.TrimSuffix(value, "*"))
}

// before orders people as the caller asks, by username among equals.
func (in *listUsersIn) before(a, b *reach.User) int {
	by := 0
	switch in.sort {
	case "fullName":
		by = strings.Compare(a.FullName, b.FullName)
	case "role":
		by = strings.Compare(a.Profile.Role, b.Profile.Role)
	case "createdAt", "insertedAt":
		by = a.Profile.CreatedAt.Compare(b.Profile.CreatedAt)
	}
	by = cmp.Or(by, strings.Compare(a.Username, b.Username))
	if in.descending {
		return -by
	}
	return by
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
		var all []*reach.User
		for u := range state.Users.All(tx) {
			if in.query == "" || in.match(u) {
				all = append(all, u)
			}
		}
		slices.SortFunc(all, in.before)
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
			out.of = append(out.of, userOf(u, false))
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
	for s := range state.Schedules.All(tx) {
		in := func(r rota.Rotation) bool { return slices.Contains(r.Participants, rota.Participant{User: u.ID}) }
		if slices.ContainsFunc(s.Rotations, in) {
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
