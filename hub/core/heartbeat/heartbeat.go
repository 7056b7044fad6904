// Package heartbeat says when a heartbeat that is awaited by HTTP has stopped.
//
// A job that should run, such as a backup, pings its heartbeat. The first ping starts the
// timer. If the next one does not come within the interval, the heartbeat is expired and
// there is an alert; the ping after that recovers it and the alert is closed. A heartbeat
// that is switched off awaits nothing, and hears nothing. One that is switched on again and
// has been pinged before is awaited from that moment on: a job that was in use is missed.
//
// Pings may come many times a second, and each that is written down is a command of the
// cluster. So a ping that comes within a tenth of the interval after the last written one
// need not be written at once: it is held until that tenth is over ([Heartbeat.WriteAt]),
// and the newest one of those that are held is written then. The state so knows the exact
// moment of the last ping, a tenth of an interval late at most, and no heartbeat expires
// early. A ping held by a node that dies is lost; the next one of so frequent a job makes up
// for it.
package heartbeat

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Unit is a unit of an interval. Values are stored.
type Unit uint8

// The units.
const (
	Minutes Unit = 1
	Hours   Unit = 2
	Days    Unit = 3
)

// String returns "minutes", "hours" or "days", the words of the API; "" for no unit.
func (u Unit) String() string {
	switch u {
	case Minutes:
		return "minutes"
	case Hours:
		return "hours"
	case Days:
		return "days"
	}
	return ""
}

// ParseUnit reads "minutes", "hours" or "days", whatever the case of the letters.
func ParseUnit(s string) (Unit, error) {
	for _, u := range []Unit{Minutes, Hours, Days} {
		if strings.EqualFold(s, u.String()) {
			return u, nil
		}
	}
	return 0, core.Invalid("intervalUnit", fmt.Sprintf("%q is not a unit: write minutes, hours or days", alert.Cut(s, alert.TagMax)))
}

// duration returns how long one of the unit is. A day is 24 hours: an interval knows no
// wall clock.
func (u Unit) duration() time.Duration {
	switch u {
	case Minutes:
		return time.Minute
	case Hours:
		return time.Hour
	case Days:
		return 24 * time.Hour
	}
	return 0
}

// The limits of a heartbeat's fields; texts are counted in Unicode code points.
const (
	NameMax        = 200
	DescriptionMax = 10_000
	// IntervalMax is how long an interval may be, in any unit.
	IntervalMax = 366 * 24 * time.Hour
)

// Heartbeat is a sign of life that is awaited. Times are UTC.
type Heartbeat struct {
	Name        string        `cbor:"1,keyasint"`
	Description string        `cbor:"2,keyasint,omitempty"`
	Interval    int           `cbor:"3,keyasint"` // in Unit, at least 1
	Unit        Unit          `cbor:"4,keyasint"`
	Enabled     bool          `cbor:"5,keyasint,omitempty"`
	Team        core.TeamID   `cbor:"6,keyasint,omitempty"` // who answers for the alert
	Message     string        `cbor:"7,keyasint,omitempty"` // of the alert; empty: "<name> is expired"
	Tags        []string      `cbor:"8,keyasint,omitempty"` // of the alert
	Priority    core.Priority `cbor:"9,keyasint,omitempty"` // of the alert; zero: P3
	// LastPing is the moment of the last ping that was heard; zero: none ever was.
	LastPing time.Time `cbor:"10,keyasint,omitzero"`
	// Since is the moment from which the next ping is awaited; zero: the timer stands.
	Since time.Time `cbor:"11,keyasint,omitzero"`
	// ExpiredAt is when the heartbeat expired; zero: it has not.
	ExpiredAt time.Time `cbor:"12,keyasint,omitzero"`
}

// Check says which fields are beyond their limits, all at once, by their names in the API;
// nil if none is. The error is of kind [core.Unacceptable].
func (h *Heartbeat) Check() error {
	wrong := map[string]string{}
	if h.Name == "" {
		wrong["name"] = "a heartbeat needs a name"
	}
	long := func(field, text string, most int) {
		if n := utf8.RuneCountInString(text); n > most {
			wrong[field] = fmt.Sprintf("%d characters are too many: at most %d are allowed.", n, most)
		}
	}
	long("name", h.Name, NameMax)
	long("description", h.Description, DescriptionMax)
	long("alertMessage", h.Message, alert.MessageMax)
	if len(h.Tags) > alert.TagsMax {
		wrong["alertTags"] = fmt.Sprintf("%d are too many: at most %d are allowed.", len(h.Tags), alert.TagsMax)
	}
	for _, tag := range h.Tags {
		long("alertTags", tag, alert.TagMax)
	}
	switch {
	case h.Unit.String() == "":
		wrong["intervalUnit"] = "must be minutes, hours or days"
	case h.Interval < 1 || h.Interval > int(IntervalMax/h.Unit.duration()):
		wrong["interval"] = "must be from 1 minute to 366 days"
	}
	if h.Priority != 0 && h.Priority.String() == "" {
		wrong["alertPriority"] = "must be P1, P2, P3, P4 or P5"
	}
	if len(wrong) == 0 {
		return nil
	}
	return &core.Error{Kind: core.Unacceptable, Words: "Request body is not processable. Please check the errors.", Fields: wrong}
}

// Every returns how long the interval is.
func (h *Heartbeat) Every() time.Duration { return time.Duration(h.Interval) * h.Unit.duration() }

// Expired reports whether a ping has failed to come.
func (h *Heartbeat) Expired() bool { return !h.ExpiredAt.IsZero() }

// Awaited reports whether the timer runs.
func (h *Heartbeat) Awaited() bool { return h.Enabled && !h.Since.IsZero() && !h.Expired() }

// ExpiresAt returns when the heartbeat expires if no ping comes. It reports false while
// the timer stands.
func (h *Heartbeat) ExpiresAt() (time.Time, bool) {
	if !h.Awaited() {
		return time.Time{}, false
	}
	return h.Since.Add(h.Every()), true
}

// WriteAt returns when a ping that came at a moment is to be written down, unless a newer
// one comes until then: that moment, or, soon after the last written one, the end of the
// tenth of the interval. It reports false for a ping that changes nothing.
func (h *Heartbeat) WriteAt(ping time.Time) (time.Time, bool) {
	if !h.Enabled || !ping.After(h.LastPing) {
		return time.Time{}, false
	}
	free := h.LastPing.Add(h.Every() / 10)
	if !h.Awaited() || !ping.Before(free) {
		return ping, true
	}
	return free, true
}

// WriteNow reports whether a ping that comes now is to be written down at once.
func (h *Heartbeat) WriteNow(now time.Time) bool {
	at, ok := h.WriteAt(now)
	return ok && !at.After(now)
}

// Change is what has become of a heartbeat.
type Change uint8

// The changes.
const (
	Nothing   Change = 0
	Started   Change = 1 // the timer runs
	Heard     Change = 2 // the timer runs anew
	Recovered Change = 3 // it had expired, and runs anew: the alert is to be closed
	Lapsed    Change = 4 // it has expired: there is to be an alert
	Ready     Change = 6 // it is switched on, and waits for its first ping
	Stopped   Change = 5 // it awaits nothing any more; if it had expired the alert is to be closed
)

// Ping hears a ping of a moment, which may have been held for a while: it is not later than
// now. One that is older than the last changes nothing. One so old that the heartbeat would
// have expired since recovers nothing.
func (h *Heartbeat) Ping(ping, now time.Time) Change {
	if ping.After(now) {
		ping = now
	}
	if !h.Enabled || !ping.After(h.LastPing) {
		return Nothing
	}
	started, since := h.Since.IsZero(), h.Since
	if ping.After(since) {
		since = ping.UTC()
	}
	recovers := h.Expired()
	if recovers && !now.Before(since.Add(h.Every())) {
		return Nothing
	}
	h.LastPing, h.Since, h.ExpiredAt = ping.UTC(), since, time.Time{}
	switch {
	case recovers:
		return Recovered
	case started:
		return Started
	}
	return Heard
}

// Expire lets the heartbeat expire if its time has come.
func (h *Heartbeat) Expire(now time.Time) Change {
	at, ok := h.ExpiresAt()
	if !ok || now.Before(at) {
		return Nothing
	}
	h.ExpiredAt = now.UTC()
	return Lapsed
}

// ExcuseMax is how long a heartbeat has to speak, at most, after the hub itself was away.
const ExcuseMax = 10 * time.Minute

// Excuse lets a heartbeat that should have expired while the hub was away, so that nobody
// would have heard a ping, be awaited from now for its interval, at most [ExcuseMax].
func (h *Heartbeat) Excuse(now time.Time) {
	if at, ok := h.ExpiresAt(); ok && at.Before(now) {
		h.Since = now.UTC().Add(min(h.Every(), ExcuseMax) - h.Every())
	}
}

// Enable switches the heartbeat on. If it has ever been pinged, the timer runs from now on.
func (h *Heartbeat) Enable(now time.Time) Change {
	if h.Enabled {
		return Nothing
	}
	h.Enabled = true
	if h.LastPing.IsZero() {
		return Ready
	}
	h.Since = now.UTC()
	return Started
}

// Disable switches the heartbeat off. One that had expired has not any more.
func (h *Heartbeat) Disable() Change {
	if !h.Enabled {
		return Nothing
	}
	h.Enabled, h.Since, h.ExpiredAt = false, time.Time{}, time.Time{}
	return Stopped
}

// Alias returns the alias of the alerts about a heartbeat of that name.
func Alias(name string) string { return "heartbeat/" + name }

// Draft returns the alert that the heartbeat has expired. It is within the limits.
func (h *Heartbeat) Draft() alert.Draft {
	message := h.Message
	if message == "" {
		message = h.Name + " is expired"
	}
	d := alert.Draft{
		Message: message, Alias: Alias(h.Name), Description: h.Description, Entity: h.Name, Source: Source, Tags: h.Tags,
		Priority: h.Priority, OwnerTeam: h.Team, Details: map[string]string{"heartbeat": h.Name, "lastPing": h.LastPing.Format(time.RFC3339)},
	}
	if d.Priority == 0 {
		d.Priority = core.P3
	}
	if h.Team != "" {
		d.Responders = []alert.Responder{{Kind: alert.Team, ID: string(h.Team)}}
	}
	d.Fit()
	return d
}

// Source is where the alerts about heartbeats come from, and who closes them.
const Source = "Heartbeat"
