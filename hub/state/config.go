package state

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// The limits of what is configured. Texts are counted in Unicode code points.
const (
	NameMax     = 100    // of a name
	TextMax     = 15_000 // of a description
	ContactsMax = 50     // of a person
	RulesMax    = 100    // of a person, a team or an escalation
	StepsMax    = 50     // of a notification rule
	MembersMax  = 1_000  // of a team
	RotationMax = 100    // rotations of a schedule
	TurnsMax    = 500    // participants of a rotation
)

// Pick names a thing of the configuration as a caller does: by its id, by its name (of
// a person the username), or by either.
type Pick struct {
	ID   string `cbor:"1,keyasint,omitempty"`
	Name string `cbor:"2,keyasint,omitempty"`
}

// Either picks what has a text as its id or as its name.
func Either(text string) Pick { return Pick{ID: text, Name: text} }

// String returns what the caller wrote.
func (p Pick) String() string {
	if p.ID != "" {
		return p.ID
	}
	return p.Name
}

// User returns the person, or an error of kind [core.NotFound]. Usernames are found
// whatever the case of their letters.
func (p Pick) User(r table.Reader) (*reach.User, error) {
	u, err := pick(r, p, "User", Users, usersByName)
	if lower := strings.ToLower(p.Name); err != nil && lower != p.Name {
		return pick(r, Pick{Name: lower}, "User", Users, usersByName)
	}
	return u, err
}

// Team returns the team, or an error of kind [core.NotFound].
func (p Pick) Team(r table.Reader) (*route.Team, error) {
	return pick(r, p, "Team", Teams, teamsByName)
}

// Schedule returns the schedule, or an error of kind [core.NotFound].
func (p Pick) Schedule(r table.Reader) (*rota.Schedule, error) {
	return pick(r, p, "Schedule", Schedules, schedulesByName)
}

// Escalation returns the escalation, or an error of kind [core.NotFound].
func (p Pick) Escalation(r table.Reader) (*escalate.Policy, error) {
	return pick(r, p, "Escalation", Escalations, escalationsByName)
}

func pick[R any](r table.Reader, p Pick, sort string, t *table.Table[R], byName *table.Index[R]) (*R, error) {
	if p.ID != "" {
		if row, ok := t.Get(r, table.K().String(p.ID)); ok {
			return row, nil
		}
	}
	if p.Name != "" {
		if row, ok := byName.First(r, table.K().String(p.Name)); ok {
			return row, nil
		}
	}
	return nil, core.Missing(sort, p.String())
}

// Party names somebody who takes part: a person, a team, an escalation or a schedule.
// Without a kind it is nobody.
type Party struct {
	Kind alert.ResponderKind `cbor:"1,keyasint,omitempty"`
	Pick Pick                `cbor:"2,keyasint"`
}

// find returns the party as a responder.
func (p Party) find(r table.Reader) (alert.Responder, error) {
	found := alert.Responder{Kind: p.Kind}
	switch p.Kind {
	case alert.User:
		u, err := p.Pick.User(r)
		if err != nil {
			return found, err
		}
		found.ID = string(u.ID)
	case alert.Team:
		t, err := p.Pick.Team(r)
		if err != nil {
			return found, err
		}
		found.ID = string(t.ID)
	case alert.Schedule:
		s, err := p.Pick.Schedule(r)
		if err != nil {
			return found, err
		}
		found.ID = string(s.ID)
	case alert.Escalation:
		e, err := p.Pick.Escalation(r)
		if err != nil {
			return found, err
		}
		found.ID = string(e.ID)
	}
	return found, nil
}

// faults collects what is wrong with a command, by the fields of the API.
type faults map[string]string

func (f faults) add(field, why string) { f[field] = why }

// length complains about a text that is too long.
func (f faults) length(field, text string, most int) {
	if n := utf8.RuneCountInString(text); n > most {
		f.add(field, fmt.Sprintf("%d characters are too many: at most %d are allowed.", n, most))
	}
}

// count complains about a list that is too long.
func (f faults) count(field string, n, most int) {
	if n > most {
		f.add(field, fmt.Sprintf("%d are too many: at most %d are allowed.", n, most))
	}
}

// missing complains about a thing that a field names and that is not there.
func (f faults) missing(field string, err error) {
	if err != nil {
		f.add(field, err.Error())
	}
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &core.Error{Kind: core.Unacceptable, Words: "Request body is not processable. Please check the errors.", Fields: f}
}

// fieldsOf returns what an error says of fields; nil if it says nothing.
func fieldsOf(err error) map[string]string {
	if e, ok := errors.AsType[*core.Error](err); ok {
		return e.Fields
	}
	return nil
}

// rowMax bounds what is configured of one thing, in bytes as it is stored. It leaves room
// below [table.MaxRowBytes] for what is added by itself, such as a contact's death.
const rowMax = table.MaxRowBytes / 2

// keep writes a row that is not too big.
func keep[R any](c *change, rows *table.Table[R], row *R) error {
	raw, err := wire.Marshal(row)
	if err != nil {
		return fmt.Errorf("cannot encode a row of %s: %w", rows.Name(), err)
	}
	if len(raw) > rowMax {
		return core.Invalid("body", fmt.Sprintf("with this there is too much configured here: %d bytes, at most %d are allowed", len(raw), rowMax))
	}
	return rows.Put(c.tx, row)
}

// set takes over what a caller has said.
func set[T any](field *T, said *T) {
	if said != nil {
		*field = *said
	}
}

// use is a thing that needs another one.
type use struct {
	by    alert.Responder
	words string
}

// usesOf returns what needs a person, a team, an escalation or a schedule.
func (c *change) usesOf(r alert.Responder) []use {
	var uses []use
	by := func(kind alert.ResponderKind, id, words string) {
		uses = append(uses, use{alert.Responder{Kind: kind, ID: id}, words})
	}
	for t := range Teams.All(c.tx) {
		member := r.Kind == alert.User && slices.Contains(t.Members, core.UserID(r.ID))
		if member || slices.ContainsFunc(t.Rules, func(x route.Rule) bool { return x.Notify == r }) {
			by(alert.Team, string(t.ID), "team ["+t.Name+"]")
		}
	}
	for s := range Schedules.All(c.tx) {
		if slices.ContainsFunc(s.Rotations, func(x rota.Rotation) bool { return slices.ContainsFunc(takers(&x, c.now), takes(r)) }) {
			by(alert.Schedule, string(s.ID), "schedule ["+s.Name+"]")
		}
	}
	for e := range Escalations.All(c.tx) {
		if slices.ContainsFunc(e.Rules, func(x escalate.Rule) bool { return x.Recipient == r }) {
			by(alert.Escalation, string(e.ID), "escalation ["+e.Name+"]")
		}
	}
	for p := range Policies.All(c.tx) {
		if p.Alert != nil && slices.Contains(p.Alert.Fields.Responders, r) {
			by(0, p.ID, "alert policy ["+p.Alert.Name+"]")
		}
	}
	if row, ok := CatchAllOf(c.tx); ok && row.To == r {
		by(0, "catch-all", "the catch-all")
	}
	uses = append(uses, c.usesOfCalendars(r)...)
	for _, name := range namedBy(c.tx, r) {
		by(0, name, "integration ["+name+"]")
	}
	return uses
}

// takes returns a test whether a turn is taken by somebody.
func takes(r alert.Responder) func(rota.Participant) bool {
	who := participantOf(r)
	return func(p rota.Participant) bool { return p == who && who != (rota.Participant{}) }
}

// participantOf returns a responder as one who takes turns.
func participantOf(r alert.Responder) rota.Participant {
	switch r.Kind {
	case alert.User:
		return rota.Participant{User: core.UserID(r.ID)}
	case alert.Team:
		return rota.Participant{Team: core.TeamID(r.ID)}
	case alert.Escalation:
		return rota.Participant{Escalation: core.EscalationID(r.ID)}
	}
	return rota.Participant{}
}

// inUse returns an error of kind [core.InUse] that names what needs a thing, nil if
// nothing does.
func inUse(sort, name string, uses []use) error {
	words := map[string]bool{}
	for _, u := range uses {
		words[u.words] = true
	}
	if len(words) == 0 {
		return nil
	}
	list := slices.Sorted(maps.Keys(words))
	if more := len(list) - 20; more > 0 {
		list = append(list[:20], fmt.Sprintf("%d more", more))
	}
	return &core.Error{Kind: core.InUse, Words: sort + " [" + name + "] is used by " + strings.Join(list, ", ") + ". Remove it there first."}
}

// circle reports whether following a responder's teams and escalations leads back to
// where it has been: an alert would go round for ever. The way holds who is on the way
// (true) and who leads nowhere bad (false).
func (c *change) circle(r alert.Responder, way map[alert.Responder]bool) bool {
	if r.Kind != alert.Team && r.Kind != alert.Escalation {
		return false
	}
	if here, seen := way[r]; seen {
		return here
	}
	way[r] = true
	var next []alert.Responder
	key := table.K().String(r.ID)
	if t, ok := Teams.Get(c.tx, key); ok && r.Kind == alert.Team {
		for _, rule := range t.Rules {
			next = append(next, rule.Notify)
		}
	}
	if e, ok := Escalations.Get(c.tx, key); ok && r.Kind == alert.Escalation {
		for _, rule := range e.Rules {
			if !rule.Notify.OfMembers() { // those go by no routing rule
				next = append(next, rule.Recipient)
			}
		}
	}
	if slices.ContainsFunc(next, func(n alert.Responder) bool { return c.circle(n, way) }) {
		return true
	}
	way[r] = false
	return false
}

// zone returns a time zone that a caller has said, else the cluster's usual one: that
// of Vietnam where Vietnamese is spoken, else UTC.
func (c *change) zone(said *string) string {
	if said != nil {
		return *said
	}
	return HomeZone(c.tx)
}

// HomeZone returns the name of the time zone that a cluster's language implies, where nobody
// says another.
func HomeZone(r table.Reader) string {
	if row, ok := GetCluster(r); ok && row.Language == "vi" {
		return "Asia/Ho_Chi_Minh"
	}
	return "Etc/UTC"
}

// language returns the language that a locale such as vi_VN asks for, else the
// cluster's usual one.
func (c *change) language(locale string) string {
	switch {
	case strings.HasPrefix(strings.ToLower(locale), "vi"):
		return "vi"
	case locale != "":
		return "en"
	}
	if row, ok := GetCluster(c.tx); ok && row.Language == "vi" {
		return "vi"
	}
	return "en"
}

// place moves the item at a place of a list to another. Beyond the end is the end.
func place[T any](list []T, from, to int) []T {
	item := list[from]
	list = slices.Delete(slices.Clone(list), from, from+1)
	return slices.Insert(list, min(max(to, 0), len(list)), item)
}
