package state

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// SwapStatus is what has become of a request to swap shifts. Values are stored.
type SwapStatus uint8

// What can become of it.
const (
	SwapAsked     SwapStatus = 1
	SwapAccepted  SwapStatus = 2
	SwapDeclined  SwapStatus = 3
	SwapWithdrawn SwapStatus = 4
	SwapExpired   SwapStatus = 5 // never stored: see [Swap.StatusAt]
)

// String returns the status in a word.
func (s SwapStatus) String() string {
	return map[SwapStatus]string{SwapAsked: "asked", SwapAccepted: "accepted", SwapDeclined: "declined", SwapWithdrawn: "withdrawn", SwapExpired: "expired"}[s]
}

// Span is a time: [Start, End).
type Span struct {
	Start time.Time `cbor:"1,keyasint"`
	End   time.Time `cbor:"2,keyasint"`
}

// Swap is a request of one person to another: you take my shift, and I take yours.
type Swap struct {
	ID       string          `cbor:"1,keyasint"`
	Schedule core.ScheduleID `cbor:"2,keyasint"`
	Asker    core.UserID     `cbor:"3,keyasint"`
	Other    core.UserID     `cbor:"4,keyasint"`
	Mine     Span            `cbor:"5,keyasint"` // the asker's shift
	Theirs   Span            `cbor:"6,keyasint"` // the other's
	Note     string          `cbor:"7,keyasint,omitempty"`
	Status   SwapStatus      `cbor:"8,keyasint"`
	AskedAt  time.Time       `cbor:"9,keyasint"`
	// Expires is until when it can be accepted, at most the beginning of the first shift.
	Expires    time.Time `cbor:"10,keyasint"`
	AnsweredAt time.Time `cbor:"11,keyasint,omitzero"`
	// Overrides are the aliases of those that were made when it was accepted.
	Overrides []string `cbor:"12,keyasint,omitempty"`
	// MineLasts and TheirsLasts are how much of the two shifts there was to be handed over when it
	// was asked for, restrictions and gaps left out; 0: not known.
	MineLasts   time.Duration `cbor:"13,keyasint,omitempty"`
	TheirsLasts time.Duration `cbor:"14,keyasint,omitempty"`
}

// StatusAt returns the status at a moment: what nobody has answered in time has expired.
func (s *Swap) StatusAt(now time.Time) SwapStatus {
	if s.Status == SwapAsked && !now.Before(s.Expires) {
		return SwapExpired
	}
	return s.Status
}

// over returns when nothing of a swap lies ahead any more.
func (s *Swap) over() time.Time { return later(s.Mine.End, s.Theirs.End) }

// Bounds of requests to swap.
const (
	// SwapsMax is how many requests a person takes part in at most that wait for an answer.
	SwapsMax = 100
	// swapPieces bounds how many pieces a shift has, between restrictions.
	swapPieces = 100
	// swapLongest bounds a shift that is swapped.
	swapLongest = 100 * 24 * time.Hour
	// swapUsual is how long the other has for an answer if the asker has not said.
	swapUsual = 7 * 24 * time.Hour
)

var swapsByPerson = table.NewIndex(1, "person and end", false, func(s *Swap) []table.Key {
	return []table.Key{table.K().String(string(s.Asker)).Time(s.over()), table.K().String(string(s.Other)).Time(s.over())}
})

var swapsByEnd = table.NewIndex(2, "end", false, func(s *Swap) []table.Key { return []table.Key{table.K().Time(s.over())} })

// Swaps holds requests to swap shifts, answered or not.
var Swaps = table.New(41, "swaps", func(s *Swap) table.Key { return table.K().String(s.ID) }, swapsByPerson, swapsByEnd)

// SwapsOf returns the requests in which a person takes part and of which something lies
// ahead, whatever has become of them; of everybody if no person is named.
func SwapsOf(r table.Reader, user core.UserID, now time.Time) iter.Seq[*Swap] {
	if user == "" {
		return unfinishedSwaps(r, now)
	}
	prefix := table.K().String(string(user))
	return swapsByPerson.Range(r, prefix.Time(now.Add(1)), prefix+afterAll)
}

func unfinishedSwaps(r table.Reader, now time.Time) iter.Seq[*Swap] {
	return swapsByEnd.Range(r, table.K().Time(now.Add(1)), afterAll)
}

// AskSwap asks another person to swap shifts of a schedule.
type AskSwap struct {
	Schedule Pick   `cbor:"1,keyasint"`
	Asker    Pick   `cbor:"2,keyasint"`
	Other    Pick   `cbor:"3,keyasint"`
	Mine     Span   `cbor:"4,keyasint"`
	Theirs   Span   `cbor:"5,keyasint"`
	Note     string `cbor:"6,keyasint,omitempty"`
	// Expires is until when the other may accept; nil: a week from now. The beginning of
	// the first shift ends it in any case.
	Expires *time.Time `cbor:"7,keyasint,omitempty"`
}

func (AskSwap) number() number { return askSwap }

func (k AskSwap) apply(c *change) (Swap, error) {
	s, err := k.Schedule.Schedule(c.tx)
	if err != nil {
		return Swap{}, err
	}
	wrong := faults{}
	w := Swap{ID: c.newID("swap"), Schedule: s.ID, Mine: k.Mine.utc(), Theirs: k.Theirs.utc(), Note: k.Note, Status: SwapAsked, AskedAt: c.now}
	c.person(wrong, "fromUser", &w.Asker, &k.Asker)
	c.person(wrong, "toUser", &w.Other, &k.Other)
	if w.Asker == w.Other && w.Asker != "" {
		wrong.add("toUser", "must be somebody else")
	}
	wrong.length("note", k.Note, 1000)
	wrong.span("mine.", w.Mine, c.now)
	wrong.span("theirs.", w.Theirs, c.now)
	w.Expires = c.now.Add(swapUsual)
	setTime(&w.Expires, k.Expires)
	wrong.future("expires", w.Expires, c.now)
	if err := wrong.err(); err != nil {
		return w, err
	}
	for _, start := range []time.Time{w.Mine.Start, w.Theirs.Start} {
		if start.Before(w.Expires) {
			w.Expires = start
		}
	}
	mine, theirs, err := c.swapped(s, &w)
	if err != nil {
		return w, err
	}
	w.MineLasts, w.TheirsLasts = lasts(mine), lasts(theirs)
	return w, c.addSwap(&w)
}

func (s Span) utc() Span { return Span{s.Start.UTC(), s.End.UTC()} }

// span complains about a shift that cannot be swapped.
func (f faults) span(at string, s Span, now time.Time) {
	switch {
	case !s.Start.After(now):
		f.add(at+"startDate", "has begun already: only what lies ahead can be swapped. Who takes the rest over takes it over now.")
	case !s.End.After(s.Start):
		f.add(at+"endDate", "must be after startDate")
	case s.End.Sub(s.Start) > swapLongest || s.Start.Sub(now) > calendarReach:
		f.add(at+"endDate", "at most 100 days can be swapped, and at most 400 days ahead")
	}
}

// addSwap keeps a new request if neither person takes part in too many.
func (c *change) addSwap(w *Swap) error {
	for _, of := range []struct {
		field string
		user  core.UserID
	}{{"fromUser", w.Asker}, {"toUser", w.Other}} {
		open := only(SwapsOf(c.tx, of.user, c.now), func(x *Swap) bool { return x.StatusAt(c.now) == SwapAsked })
		if atLeast(SwapsMax, open) {
			return core.Invalid(of.field, fmt.Sprintf("takes part in %d requests already that wait for an answer", SwapsMax))
		}
	}
	if err := c.age(agedSwaps); err != nil {
		return err
	}
	if err := Swaps.Put(c.tx, w); err != nil {
		return err
	}
	return c.tellSwap(SwapWanted, w, w.Other, w.Asker)
}

// swapped returns the overrides that a swap makes: one for each piece of the asker's shift, and
// of the other's. It complains if a shift is not its person's (any more).
func (c *change) swapped(s *rota.Schedule, w *Swap) (mine, theirs []rota.Override, err error) {
	if err := cmp.Or(c.notBlocked("fromUser", w.Asker), c.notBlocked("toUser", w.Other)); err != nil {
		return nil, nil, err
	}
	if mine, err = c.handedOver(s, w.Mine, w.Asker, w.Other); err != nil {
		return nil, nil, err
	}
	theirs, err = c.handedOver(s, w.Theirs, w.Other, w.Asker)
	return mine, theirs, err
}

// lasts returns how long overrides last together.
func lasts(all []rota.Override) (sum time.Duration) {
	for _, o := range all {
		sum += o.End.Sub(o.Start)
	}
	return sum
}

// handedOver returns the overrides by which one person has the shift of another.
func (c *change) handedOver(s *rota.Schedule, at Span, from, to core.UserID) ([]rota.Override, error) {
	calendar, err := plannedOf(c.tx, s, c.zones, at.Start, at.End)
	if err != nil {
		return nil, core.Invalid("schedule", err.Error())
	}
	var shift []rota.Override
	shared := map[string]bool{} // rotations in which somebody else is on call, too
	timeline := calendar.Timeline(at.Start, at.End)
	for _, p := range timeline.Final {
		if p.User != from {
			shared[p.Rotation] = true
		} else {
			shift = append(shift, rota.Override{Schedule: s.ID, Participant: rota.Participant{User: to}, Start: p.Start, End: p.End, Rotations: []string{p.Rotation}})
		}
	}
	shift = slices.DeleteFunc(shift, func(o rota.Override) bool { return shared[o.Rotations[0]] })
	words := fmt.Sprintf("from %s to %s", at.Start.Format(time.RFC3339), at.End.Format(time.RFC3339))
	switch {
	case timeline.Cut:
		return nil, &core.Error{Kind: core.Unacceptable, Words: "There are too many shifts " + words + " to be swapped at once."}
	case len(shift) == 0:
		return nil, &core.Error{Kind: core.Unacceptable, Words: fmt.Sprintf("The swap does not fit schedule [%s]: %s is not the one who is on call %s.", s.Name, c.nameOf(rota.Participant{User: from}), words)}
	case len(shift) > swapPieces:
		return nil, &core.Error{Kind: core.Unacceptable, Words: fmt.Sprintf("What is to be swapped %s has %d pieces: at most %d can be.", words, len(shift), swapPieces)}
	}
	return joined(shift), nil
}

// joined makes one override of those that follow one another in a rotation without a gap.
func joined(all []rota.Override) []rota.Override {
	slices.SortStableFunc(all, func(a, b rota.Override) int {
		return cmp.Or(cmp.Compare(a.Rotations[0], b.Rotations[0]), a.Start.Compare(b.Start))
	})
	var out []rota.Override
	for _, o := range all {
		if n := len(out) - 1; n >= 0 && out[n].Rotations[0] == o.Rotations[0] && out[n].End.Equal(o.Start) {
			out[n].End = o.End
			continue
		}
		out = append(out, o)
	}
	return out
}

// SwapAnswer is what somebody says to a request to swap. Values cross between nodes.
type SwapAnswer uint8

// The answers.
const (
	AcceptSwap   SwapAnswer = 1 // by the other
	DeclineSwap  SwapAnswer = 2 // by the other
	WithdrawSwap SwapAnswer = 3 // by the asker
)

// AnswerSwap accepts, declines or withdraws a request to swap shifts. If it is accepted, both
// persons have each other's shifts from then on.
type AnswerSwap struct {
	Swap   string     `cbor:"1,keyasint"`
	By     Pick       `cbor:"2,keyasint"`
	Answer SwapAnswer `cbor:"3,keyasint"`
}

func (AnswerSwap) number() number { return answerSwap }

func (k AnswerSwap) apply(c *change) (Swap, error) {
	w, ok := Swaps.Get(c.tx, table.K().String(k.Swap))
	if !ok {
		return Swap{}, core.Missing("Swap", firstRunes(k.Swap, NameMax))
	}
	by, err := k.By.User(c.tx)
	if err != nil {
		return *w, err
	}
	if err := k.may(c, w, by); err != nil {
		return *w, err
	}
	w.AnsweredAt = c.now
	tells, to := SwapTaken, w.Asker
	switch k.Answer {
	case DeclineSwap:
		w.Status, tells = SwapDeclined, SwapRefused
	case WithdrawSwap:
		w.Status, tells, to = SwapWithdrawn, SwapTakenBack, w.Other
	default:
		w.Status = SwapAccepted
		if err := c.swap(w); err != nil {
			return *w, err
		}
	}
	if err := Swaps.Put(c.tx, w); err != nil {
		return *w, err
	}
	if err := c.untellSwap(w); err != nil {
		return *w, err
	}
	return *w, c.tellSwap(tells, w, to, by.ID)
}

// may complains if a person may not give an answer, or not any more.
func (k AnswerSwap) may(c *change, w *Swap, by *reach.User) error {
	if status := w.StatusAt(c.now); status != SwapAsked {
		return &core.Error{Kind: core.Unacceptable, Words: "The request to swap is " + status.String() + " already."}
	}
	switch {
	case k.Answer < AcceptSwap || k.Answer > WithdrawSwap:
		return core.Invalid("answer", "must be accept, decline or withdraw")
	case k.Answer == WithdrawSwap && by.ID != w.Asker:
		return &core.Error{Kind: core.Forbidden, Words: "Only " + c.nameOf(rota.Participant{User: w.Asker}) + ", who has asked, can withdraw the request."}
	case k.Answer != WithdrawSwap && by.ID != w.Other:
		return &core.Error{Kind: core.Forbidden, Words: "Only " + c.nameOf(rota.Participant{User: w.Other}) + ", who was asked, can answer the request."}
	}
	return nil
}

// swap makes the overrides of a swap that was accepted.
func (c *change) swap(w *Swap) error {
	s, ok := Schedules.Get(c.tx, table.K().String(string(w.Schedule)))
	if !ok {
		return core.Missing("Schedule", string(w.Schedule))
	}
	mine, theirs, err := c.swapped(s, w)
	if err != nil {
		return err
	}
	if err := cmp.Or(c.asAsked(s, w.Mine, w.Asker, w.MineLasts, lasts(mine)), c.asAsked(s, w.Theirs, w.Other, w.TheirsLasts, lasts(theirs))); err != nil {
		return err
	}
	for _, o := range append(mine, theirs...) {
		if err := c.addOverride(&o); err != nil {
			return err
		}
		w.Overrides = append(w.Overrides, o.Alias)
	}
	return nil
}

// asAsked complains if there is less of a shift now than when the swap was asked for: nobody
// has agreed to give a whole shift for a part of one.
func (c *change) asAsked(s *rota.Schedule, at Span, whose core.UserID, was, is time.Duration) error {
	if is >= was {
		return nil
	}
	return &core.Error{Kind: core.Unacceptable, Words: fmt.Sprintf("The swap does not fit schedule [%s] any more: of the shift of %s from %s to %s there is left %s of %s. Ask anew.",
		s.Name, c.nameOf(rota.Participant{User: whose}), at.Start.Format(time.RFC3339), at.End.Format(time.RFC3339), is, was)}
}
