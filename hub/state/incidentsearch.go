package state

import (
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/incident"
	"keng/hub/core/query"
	"keng/raftstore/table"
)

// SearchIncidents looks for incidents, in the order of their creation. There are few of them
// beside alerts: those that are open are found by their index, all others by a look at each.
type SearchIncidents struct {
	Query     *query.Query // see [ParseIncidentQuery]
	Ascending bool         // oldest first, else newest first
	// After is the short number of the incident behind which to begin; 0: at the beginning.
	After uint64
	// Stop is asked after each incident that was looked at, with how many these are. When it
	// says so the search ends, whatever it has found. Nil: it goes on to the end.
	Stop func(looked int) bool
}

// incidentWords is what queries about incidents may speak of.
var incidentWords = sync.OnceValue(query.Incidents)

// incidentPlanner knows when to look at open incidents alone. The numbers of rows only rank the
// ways.
var incidentPlanner = sync.OnceValue(func() *query.Planner {
	const all, open = 10_000, 100
	created := []query.Column{{Field: "createdAt", Rows: 1}}
	return query.NewPlanner(incidentWords(), all,
		query.Index{Name: byCreation, Columns: created, Rows: all}, query.Index{Name: openOnes, Columns: created, Where: "status: open", Rows: open})
})

// ParseIncidentQuery reads a query about incidents, as [ParseQuery] does one about alerts.
func ParseIncidentQuery(text string, now time.Time, zone *time.Location) (*query.Query, error) {
	return query.Parse(text, incidentWords(), query.Options{Now: now, Zone: zone})
}

// IncidentOrder reads the parameters "sort" and "order" of a list of incidents. The error is a
// [*core.Error] of kind Unacceptable.
func IncidentOrder(sort, order string) (query.Order, error) {
	return incidentWords().Order(sort, order)
}

// Run gives the incidents that are found to yield until that returns false. It returns the
// short number of the last incident that it has looked at, with which a search goes on; 0 when
// there are no more.
func (s *SearchIncidents) Run(r table.Reader, yield func(*incident.Incident) bool) (last uint64) {
	from, to := uint64(0), uint64(beyond)
	switch {
	case s.After != 0 && s.Ascending:
		from = s.After + 1
	case s.After != 0:
		to = s.After
	}
	rows, key := Incidents.Range, func(n uint64) table.Key { return table.K().String(core.NumberedFrom(n)) }
	if !s.Ascending {
		rows = Incidents.RangeReverse
	}
	if s.openAlone() {
		key = func(n uint64) table.Key { return table.K().Uint64(n) }
		if rows = IncidentsOpen.Range; !s.Ascending {
			rows = IncidentsOpen.RangeReverse
		}
	}
	matcher, subject, looked := s.Query.Matcher(), newIncidentSubject(r), 0
	for i := range rows(r, key(from), key(to)) {
		subject.incident = i
		if matcher.Match(subject) && !yield(i) {
			return i.Tiny
		}
		if looked++; s.Stop != nil && s.Stop(looked) {
			return i.Tiny
		}
	}
	return 0
}

// openAlone reports whether the query is met by open incidents alone.
func (s *SearchIncidents) openAlone() bool {
	ranges := incidentPlanner().Plan(s.Query, query.Order{Field: "createdAt", Descending: !s.Ascending}).Ranges
	for _, part := range ranges {
		if part.Index != openOnes {
			return false
		}
	}
	return len(ranges) > 0
}

// Sorted returns incidents that are found, sorted by any field: behind skip others, limit at
// most; and whether more follow. Equals are in the order of their creation. Every incident
// that matches has to be looked at: if Stop ends that, those looked at are what is sorted.
func (s *SearchIncidents) Sorted(r table.Reader, order query.Order, skip, limit int) (found []*incident.Incident, more bool) {
	best, subject := ranking{order: order, wanted: skip + limit + 1}, newIncidentSubject(r)
	s.Run(r, func(i *incident.Incident) bool {
		subject.incident = i
		best.add(incidentWords().Key(order, subject), string(i.ID))
		return true
	})
	ids, more := best.behind(skip)
	for _, id := range ids {
		if i, ok := Incidents.Get(r, table.K().String(id)); ok {
			found = append(found, i)
		}
	}
	return found, more
}

// incidentSubject is an incident to which queries are put.
type incidentSubject struct {
	who      subject // knows the names of responders
	incident *incident.Incident
}

func newIncidentSubject(r table.Reader) *incidentSubject {
	return &incidentSubject{who: subject{r: r, names: map[alert.Responder]string{}}}
}

// Texts implements [query.Subject].
func (s *incidentSubject) Texts(field string, values []string) []string {
	i := s.incident
	switch field {
	case "status":
		return append(values, i.Status.String())
	case "incidentId":
		return append(values, string(i.ID))
	case "message":
		return append(values, i.Message)
	case "description":
		return append(values, i.Description)
	case "source":
		return append(values, i.Source)
	case "priority":
		return append(values, i.Priority.String())
	case "owner":
		return append(values, i.Owner)
	case "tag":
		return append(values, i.Tags...)
	case "impactedServices":
		for _, id := range i.Services {
			values = append(values, string(id))
		}
	case "details.key":
		for k := range i.Details {
			values = append(values, k)
		}
	case "details.value":
		for _, v := range i.Details {
			values = append(values, v)
		}
	case "teams", "responders":
		s.who.alert = &alert.Alert{Responders: i.Responders, OwnerTeam: i.OwnerTeam}
		return s.who.responders(field, values)
	}
	return values
}

// Number implements [query.Subject].
func (s *incidentSubject) Number(field string) (n int64, ok bool) {
	i := s.incident
	switch field {
	case "createdAt":
		return i.CreatedAt.UnixMilli(), true
	case "updatedAt":
		return i.UpdatedAt.UnixMilli(), true
	case "tinyId":
		return int64(i.Tiny), true
	case "isSeen":
		if i.Seen() {
			n = 1
		}
		return n, true
	}
	return 0, false
}
