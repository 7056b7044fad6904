package state

import (
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
)

// How long what is over is kept.
const (
	// RetentionUsual is how long closed alerts stay if nobody has said otherwise.
	RetentionUsual = 365 * 24 * time.Hour
	// RetentionMin and RetentionMax are its bounds.
	RetentionMin = 24 * time.Hour
	RetentionMax = 10 * RetentionUsual
	// requestsKept is how long it is known what became of a request of the API.
	requestsKept = 7 * 24 * time.Hour
)

// PutRetention says how long a closed alert stays after its close, with its activity log and
// its pages; 0: for ever. The same counts for what remains of deleted alerts, for closed incidents
// with their logs, and for maintenance that is over. What is older goes from now on, a little at a time.
type PutRetention struct {
	Keep time.Duration `cbor:"1,keyasint"`
}

func (PutRetention) number() number { return putRetention }

func (k PutRetention) apply(c *change) (RetentionReport, error) {
	if k.Keep != 0 && (k.Keep < RetentionMin || k.Keep > RetentionMax) {
		return RetentionReport{}, core.Invalid("keep", "must be from 1 day to 10 years, or 0 to keep closed alerts for ever")
	}
	for _, a := range []Aged{agedAlerts, agedDeleted, agedMaintenance, agedIncidents} {
		s, ok := Sweeps.Get(c.tx, sweepKey(a))
		if !ok && a == agedIncidents {
			continue // none has been closed: the first will be kept as alerts are
		}
		if !ok {
			s = &Sweep{Aged: a}
		}
		s.Keep, s.From, s.Earliest = k.Keep, "", time.Time{}
		at := c.now
		if k.Keep == 0 {
			at = time.Time{}
		}
		if err := c.sweepAt(s, at); err != nil {
			return RetentionReport{}, err
		}
	}
	return RetentionReport{Keep: k.Keep}, nil // the rest is for who reads: it walks the open alerts
}

// RetentionReport says what of the closed alerts is removed when.
type RetentionReport struct {
	Keep   time.Duration `cbor:"1,keyasint"` // after the close; 0: for ever
	Closed uint64        `cbor:"2,keyasint"` // how many closed alerts there are
	// Oldest is when the one of them that was created first was closed; zero: there is none.
	Oldest time.Time `cbor:"3,keyasint,omitzero"`
	// Next is before when none goes; zero: none ever goes.
	Next time.Time `cbor:"4,keyasint,omitzero"`
	// Removing says that it is under way, so that Next is within seconds.
	Removing bool `cbor:"5,keyasint,omitempty"`
	// Removed is how many have gone because of their age.
	Removed uint64 `cbor:"6,keyasint,omitempty"`
}

// RetentionOf says what of the closed alerts is removed when. It reads the open alerts, what
// remains of deleted ones, and of the closed ones the first.
func RetentionOf(r table.Reader) RetentionReport {
	report := RetentionReport{Keep: RetentionUsual}
	if s, ok := Sweeps.Get(r, sweepKey(agedAlerts)); ok {
		report.Keep, report.Next, report.Removed, report.Removing = s.Keep, s.LookAt, s.Gone, s.From != ""
	}
	for a := range Alerts.All(r) {
		if a.Status != alert.Closed {
			continue
		}
		report.Oldest = a.ClosedAt
		if !report.Next.IsZero() { // those behind it were created later, and closed later than that
			report.Next = later(report.Next, a.CreatedAt.Add(report.Keep))
		}
		break
	}
	report.Closed, _ = closedAlerts(r, nil)
	return report
}

// closedAlerts counts the closed alerts without reading them: of those that are there they are the ones
// that are not open. If stop ends that (see [table.Index.Count]) it is not known how many they are.
func closedAlerts(r table.Reader, stop func(counted int) bool) (n uint64, known bool) {
	stopped := false
	open := AlertsOpen.Count(r, table.K(), afterAll, func(counted int) bool {
		stopped = stop != nil && stop(counted)
		return stopped
	})
	if stopped {
		return 0, false
	}
	return alertsThere(r) - uint64(open), true
}

// alertsThere counts the alerts, open and closed, without reading them: of all that were ever created they
// are those that are neither deleted nor removed.
func alertsThere(r table.Reader) uint64 {
	made, ok := counters.Get(r, table.K().String("alert"))
	if !ok {
		return 0
	}
	n := made.Last
	for range Deleted.All(r) {
		n--
	}
	for _, aged := range []Aged{agedAlerts, agedDeleted} {
		if s, ok := Sweeps.Get(r, sweepKey(aged)); ok {
			n -= s.Gone
		}
	}
	return n
}
