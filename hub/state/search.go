package state

import (
	"cmp"
	"iter"
	"slices"
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/query"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// Search looks for alerts, in the order of their creation.
type Search struct {
	Query     *query.Query // see [ParseQuery]
	Ascending bool         // oldest first, else newest first
	// After is the short number of the alert behind which to begin; 0: at the beginning.
	After uint64
	// Stop is asked after each alert that was looked at, with how many these are. When it
	// says so the search ends, whatever it has found. Nil: it goes on to the end.
	Stop func(looked int) bool
}

// vocabulary is what queries about alerts may speak of.
var vocabulary = sync.OnceValue(query.Alerts)

// ParseQuery reads a query about alerts. Times without an offset are by the clocks of a zone
// (nil: UTC). The error is a [*query.Error].
func ParseQuery(text string, now time.Time, zone *time.Location) (*query.Query, error) {
	return query.Parse(text, vocabulary(), query.Options{Now: now, Zone: zone})
}

// Run gives the alerts that are found to yield until that returns false. It returns the
// short number of the last alert that it has looked at, with which a search goes on; 0 when
// there are no more.
func (s *Search) Run(r table.Reader, yield func(*alert.Alert) bool) (last uint64) {
	rows, check := s.candidates(r)
	matcher, subject, looked := check.Matcher(), subject{r: r, names: map[alert.Responder]string{}}, 0
	for a := range rows {
		subject.alert = a
		if matcher.Match(&subject) && !yield(a) {
			return a.Tiny
		}
		if looked++; s.Stop != nil && s.Stop(looked) {
			return a.Tiny
		}
	}
	return 0
}

// Count returns how many alerts are found. Where an index or a counter knows it no alert is read. If Stop
// ends it, it is how many are among those that were looked at.
func (s *Search) Count(r table.Reader) (n int) {
	switch plan := s.plan(); {
	case s.After == 0 && s.Query.Everything():
		return int(alertsThere(r))
	case s.After == 0 && s.Query.String() == allClosed:
		closed, _ := closedAlerts(r, s.Stop) // what was not counted in time is none that is known of
		return int(closed)
	case len(plan.Ranges) == 1 && plan.Ranges[0].Index == openOnes && plan.Check.Everything():
		from, to := s.behind(s.numbers(r, plan.Ranges[0]))
		if from >= to {
			return 0
		}
		return AlertsOpen.Count(r, table.K().Uint64(from), table.K().Uint64(to), s.Stop)
	}
	s.Run(r, func(*alert.Alert) bool { n++; return true })
	return n
}

// allClosed is the query for all closed alerts, in its canonical form.
const allClosed = "status: closed"

// Sorted returns alerts that are found, sorted by any field: behind skip others, limit at
// most; and whether more follow. Equals are in the order of their creation. Every alert that
// matches has to be looked at: if Stop ends that, those looked at are what is sorted.
func (s *Search) Sorted(r table.Reader, order query.Order, skip, limit int) (found []*alert.Alert, more bool) {
	best := ranking{order: order, wanted: skip + limit + 1}
	subject := subject{r: r, names: map[alert.Responder]string{}}
	s.Run(r, func(a *alert.Alert) bool {
		subject.alert = a
		best.add(vocabulary().Key(order, &subject), string(a.ID))
		return true
	})
	ids, more := best.behind(skip)
	for _, id := range ids {
		if a, ok := FindAlert(r, Ref{ID: core.AlertID(id)}); ok {
			found = append(found, a)
		}
	}
	return found, more
}

// ranking is the best of many rows by an order, equals in the order in which they came.
type ranking struct {
	order  query.Order
	wanted int // how many are looked for, and one that says whether more follow
	places []ranked
}

// ranked is a row in a ranking.
type ranked struct {
	key query.SortKey
	id  string
}

func (b *ranking) add(key query.SortKey, id string) {
	b.places = append(b.places, ranked{key, id})
	if len(b.places) >= 2*b.wanted+1000 { // seldom, so that it costs little
		b.cut()
	}
}

func (b *ranking) cut() {
	slices.SortStableFunc(b.places, func(x, y ranked) int { return b.order.Compare(x.key, y.key) })
	b.places = b.places[:min(len(b.places), b.wanted)]
}

// behind returns the ids of the best behind the first skip, and whether more follow.
func (b *ranking) behind(skip int) (ids []string, more bool) {
	b.cut()
	more = len(b.places) == b.wanted
	if more {
		b.places = b.places[:b.wanted-1]
	}
	for _, p := range b.places[min(skip, len(b.places)):] {
		ids = append(ids, p.id)
	}
	return ids, more
}

// AlertOrder reads the parameters "sort" and "order" of a list of alerts. The error is
// a [*core.Error] of kind Unacceptable.
func AlertOrder(sort, order string) (query.Order, error) { return vocabulary().Order(sort, order) }

// The indexes in which a search reads.
const (
	byCreation = "creation"
	openOnes   = "open"
	byID       = "id"
	byNumber   = "number"
	byAlias    = "alias of an open one"
)

// planner knows the indexes of alerts. The numbers of rows are guesses that only rank them.
var planner = sync.OnceValue(func() *query.Planner {
	const all, open = 1_000_000, 10_000
	one := func(field string) []query.Column { return []query.Column{{Field: field, Rows: 1}} }
	return query.NewPlanner(vocabulary(), all,
		query.Index{Name: byCreation, Columns: one("createdAt"), Rows: all},
		query.Index{Name: openOnes, Columns: one("createdAt"), Where: "status: open", Rows: open},
		query.Index{Name: byID, Columns: one("alertId"), Unique: true},
		query.Index{Name: byNumber, Columns: one("tinyId"), Unique: true},
		query.Index{Name: byAlias, Columns: one("alias"), Where: "status: open", Rows: open, Unique: true},
	)
})

func (s *Search) plan() query.Plan {
	return planner().Plan(s.Query, query.Order{Field: "createdAt", Descending: !s.Ascending})
}

// candidates gives the alerts among which all are that the query matches, in order, and what
// they must match. A plan of several ranges that are not single alerts is not followed: all
// alerts are looked at instead.
func (s *Search) candidates(r table.Reader) (iter.Seq[*alert.Alert], *query.Query) {
	plan := s.plan()
	if len(plan.Ranges) == 1 {
		if rows, ok := s.read(r, plan.Ranges[0]); ok {
			return rows, plan.Check
		}
	}
	if found, ok := s.pick(r, plan.Ranges); ok {
		return slices.Values(found), plan.Check
	}
	return s.between(r, byCreation, 0, beyond), s.Query
}

// beyond is above all short numbers.
const beyond = 1<<48 - 1

// read gives what is in a range of one of the indexes that have the order of creation.
func (s *Search) read(r table.Reader, part query.Range) (iter.Seq[*alert.Alert], bool) {
	if part.Index != byCreation && part.Index != openOnes {
		return nil, false
	}
	from, to := s.numbers(r, part)
	return s.between(r, part.Index, from, to), true
}

// numbers returns the short numbers from ≤ n < to of the alerts in a range of such an index.
func (s *Search) numbers(r table.Reader, part query.Range) (from, to uint64) {
	to = beyond
	if len(part.Equal) > 0 { // created in one millisecond
		part.From, part.To = part.Equal[0], part.Equal[0]
		part.To.Number++
	}
	if part.From.Kind != 0 {
		from = firstCreated(r, time.UnixMilli(part.From.Number))
	}
	if part.To.Kind != 0 {
		to = firstCreated(r, time.UnixMilli(part.To.Number))
	}
	return from, to
}

// behind returns the part of a range of short numbers that is behind where the search begins.
func (s *Search) behind(from, to uint64) (uint64, uint64) {
	switch {
	case s.After != 0 && s.Ascending:
		from = max(from, s.After+1)
	case s.After != 0:
		to = min(to, s.After)
	}
	return from, to
}

// between gives the alerts with short numbers from ≤ n < to, behind where the search begins.
func (s *Search) between(r table.Reader, index string, from, to uint64) iter.Seq[*alert.Alert] {
	if from, to = s.behind(from, to); from >= to {
		return slices.Values[[]*alert.Alert](nil)
	}
	rows, key := AlertsOpen.Range, func(n uint64) table.Key { return table.K().Uint64(n) }
	if !s.Ascending {
		rows = AlertsOpen.RangeReverse
	}
	if index == byCreation {
		key = func(n uint64) table.Key { return table.K().String(core.NumberedFrom(n)) }
		if rows = Alerts.Range; !s.Ascending {
			rows = Alerts.RangeReverse
		}
	}
	return rows(r, key(from), key(to))
}

// pick returns the alerts that ranges name one by one, in order. It reports false if one of
// the ranges is another sort of range.
func (s *Search) pick(r table.Reader, parts []query.Range) (found []*alert.Alert, ok bool) {
	for _, part := range parts {
		if len(part.Equal) != 1 {
			return nil, false
		}
		var ref Ref
		switch value := part.Equal[0]; part.Index {
		case byID:
			ref.ID = core.AlertID(value.Text)
		case byAlias:
			ref.Alias = value.Text
		case byNumber:
			if value.Number <= 0 {
				continue
			}
			ref.Tiny = uint64(value.Number)
		default:
			return nil, false
		}
		a, there := FindAlert(r, ref)
		behind := there && (s.After == 0 || s.Ascending && a.Tiny > s.After || !s.Ascending && a.Tiny < s.After)
		if behind && !slices.ContainsFunc(found, func(b *alert.Alert) bool { return b.ID == a.ID }) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b *alert.Alert) int {
		if s.Ascending {
			return cmp.Compare(a.Tiny, b.Tiny)
		}
		return cmp.Compare(b.Tiny, a.Tiny)
	})
	return found, true
}

// firstCreated returns the least short number of the alerts that were created at a moment or
// later, or one above all. Alerts are numbered in the order of their creation, since cluster
// time does not go back.
func firstCreated(r table.Reader, at time.Time) uint64 {
	low, high := uint64(0), uint64(0)
	for a := range Alerts.FindReverse(r, table.K()) {
		high = a.Tiny + 1
		break
	}
	for low < high {
		middle := low + (high-low)/2
		first := (*alert.Alert)(nil)
		for a := range Alerts.Range(r, table.K().String(core.NumberedFrom(middle)), table.K().String(core.NumberedFrom(high))) {
			first = a
			break
		}
		if first == nil || !first.CreatedAt.Before(at) {
			high = middle
		} else {
			low = first.Tiny + 1
		}
	}
	return low
}

// subject is an alert to which queries are put. What it names by ids it is found by the
// names of, and by the ids.
type subject struct {
	r     table.Reader
	alert *alert.Alert
	names map[alert.Responder]string // found so far
}

// Texts implements [query.Subject].
func (s *subject) Texts(field string, values []string) []string {
	a := s.alert
	switch field {
	case "status":
		return append(values, a.Status.String())
	case "alertId":
		return append(values, string(a.ID))
	case "alias":
		return append(values, a.Alias)
	case "message":
		return append(values, a.Message)
	case "description":
		return append(values, a.Description)
	case "source":
		return append(values, a.Source)
	case "entity":
		return append(values, a.Entity)
	case "priority":
		return append(values, a.Priority.String())
	case "owner":
		return append(values, a.Owner)
	case "acknowledgedBy":
		return append(values, a.AcknowledgedBy)
	case "closedBy":
		return append(values, a.ClosedBy)
	case "tag":
		return append(values, a.Tags...)
	case "actions":
		return append(values, a.Actions...)
	case "details.key":
		for k := range a.Details {
			values = append(values, k)
		}
	case "details.value":
		for _, v := range a.Details {
			values = append(values, v)
		}
	case "integration.name":
		if k, ok := Keys.Get(s.r, table.K().String(string(a.Integration))); ok {
			return append(values, k.Name)
		}
	case "integration.type":
		if a.Integration != "" {
			return append(values, TypeOf(s.r, a.Integration))
		}
	case "recipients", "teams", "responders":
		return s.responders(field, values)
	}
	return values
}

// responders appends who answers for the alert: people for recipients, teams, or all.
func (s *subject) responders(field string, values []string) []string {
	all := s.alert.Responders
	if field == "teams" && s.alert.OwnerTeam != "" {
		all = append(all[:len(all):len(all)], alert.Responder{Kind: alert.Team, ID: string(s.alert.OwnerTeam)})
	}
	for _, r := range all {
		if field == "responders" || field == "recipients" && r.Kind == alert.User || field == "teams" && r.Kind == alert.Team {
			values = append(values, s.name(r), r.ID)
		}
	}
	return values
}

// name returns the name of a responder; "" if there is none such any more.
func (s *subject) name(r alert.Responder) string {
	name, known := s.names[r]
	if known {
		return name
	}
	name = nameOfResponder(s.r, r)
	s.names[r] = name
	return name
}

// nameOfResponder returns the name of a responder; "" if there is none such any more.
func nameOfResponder(r table.Reader, x alert.Responder) string {
	key := table.K().String(x.ID)
	switch x.Kind {
	case alert.User:
		return nameOf(r, Users, key, func(u *reach.User) string { return u.Username })
	case alert.Team:
		return nameOf(r, Teams, key, func(t *route.Team) string { return t.Name })
	case alert.Schedule:
		return nameOf(r, Schedules, key, func(s *rota.Schedule) string { return s.Name })
	case alert.Escalation:
		return nameOf(r, Escalations, key, func(e *escalate.Policy) string { return e.Name })
	}
	return ""
}

func nameOf[R any](r table.Reader, rows *table.Table[R], key table.Key, name func(*R) string) string {
	if row, ok := rows.Get(r, key); ok {
		return name(row)
	}
	return ""
}

// Number implements [query.Subject].
func (s *subject) Number(field string) (n int64, ok bool) {
	a := s.alert
	when := func(t time.Time) (int64, bool) { return t.UnixMilli(), !t.IsZero() }
	flag := func(is bool) (int64, bool) {
		if is {
			return 1, true
		}
		return 0, true
	}
	took := func(t time.Time) (int64, bool) { return t.Sub(a.CreatedAt).Milliseconds(), !t.IsZero() }
	switch field {
	case "createdAt":
		return when(a.CreatedAt)
	case "lastOccurredAt":
		return when(a.LastOccurredAt)
	case "updatedAt":
		return when(a.UpdatedAt)
	case "snoozedUntil":
		return when(a.SnoozedUntil)
	case "tinyId":
		return int64(a.Tiny), true
	case "count":
		return int64(a.Count), true
	case "isSeen":
		return flag(a.Seen())
	case "acknowledged":
		return flag(a.Acknowledged)
	case "snoozed":
		return flag(a.Snoozed())
	case "report.ackTime":
		return took(a.AcknowledgedAt)
	case "report.closeTime":
		return took(a.ClosedAt)
	}
	return 0, false
}
