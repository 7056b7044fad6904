package api

import (
	"context"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// swapIn asks somebody to swap shifts.
type swapIn struct{ ask state.AskSwap }

func (in *swapIn) read(c *call) {
	b := c.body
	c.whole("schedule", "fromUser", "toUser", "mine", "theirs")
	in.ask = state.AskSwap{Mine: b.stretch("mine"), Theirs: b.stretch("theirs"), Note: b.text("note"), Expires: b.saidMoment("expires")}
	for field, to := range map[string]*state.Pick{"schedule": &in.ask.Schedule, "fromUser": &in.ask.Asker, "toUser": &in.ask.Other} {
		*to = c.needed(field)
	}
}

// needed returns what a field of the body names, and complains if that is nothing.
func (c *call) needed(field string) state.Pick {
	if p := c.body.saidPick(field); p != nil {
		return *p
	}
	if c.wrong[field] == "" {
		c.wrong[field] = "must say which, by id or name"
	}
	return state.Pick{}
}

// stretch returns a time {startDate, endDate}.
func (o object) stretch(key string) state.Span {
	child, ok := o.child(key)
	if !ok {
		return state.Span{}
	}
	return state.Span{Start: child.neededMoment("startDate"), End: child.neededMoment("endDate")}
}

func askSwap(in *swapIn) state.AskSwap { return in.ask }

// answerIn is what somebody says to a request to swap.
type answerIn struct {
	swap string
	by   state.Pick
}

func (in *answerIn) read(c *call) { in.swap, in.by = c.identifier("id"), c.needed("user") }

func answerSwap(answer state.SwapAnswer) func(*answerIn) state.AnswerSwap {
	return func(in *answerIn) state.AnswerSwap {
		return state.AnswerSwap{Swap: in.swap, By: in.by, Answer: answer}
	}
}

// swapState is what has become of a request to swap.
type swapState struct {
	ID        string   `json:"id"`
	Status    string   `json:"status"`
	Expires   moment   `json:"expires"`
	Overrides []string `json:"overrides,omitempty"` // aliases of those by which they have each other's shifts
}

func swapStateOf(w state.Swap) swapState {
	return swapState{w.ID, w.Status.String(), moment{w.Expires}, w.Overrides}
}

func swapAsked(w state.Swap) *written    { return created(swapStateOf(w)) }
func swapAnswered(w state.Swap) *written { return updated(swapStateOf(w)) }

// swapRecord is a request to swap shifts, as replies tell it.
type swapRecord struct {
	swapState
	Schedule   thing   `json:"schedule"`
	FromUser   someone `json:"fromUser"`
	ToUser     someone `json:"toUser"`
	Mine       stretch `json:"mine"`   // the shift of who asks
	Theirs     stretch `json:"theirs"` // the shift of who is asked
	Note       string  `json:"note"`
	AskedAt    moment  `json:"askedAt"`
	AnsweredAt *moment `json:"answeredAt,omitempty"`
}

// stretch is a time, as replies tell it.
type stretch struct {
	StartDate moment `json:"startDate"`
	EndDate   moment `json:"endDate"`
}

func swapOf(tx reader, w *state.Swap, now time.Time) swapRecord {
	out := swapRecord{swapState: swapStateOf(*w), Schedule: scheduleNamed(tx, w.Schedule), FromUser: *personOf(tx, w.Asker), ToUser: *personOf(tx, w.Other),
		Mine: stretch{moment{w.Mine.Start}, moment{w.Mine.End}}, Theirs: stretch{moment{w.Theirs.Start}, moment{w.Theirs.End}}, Note: w.Note, AskedAt: moment{w.AskedAt}}
	out.Status = w.StatusAt(now).String()
	if !w.AnsweredAt.IsZero() {
		out.AnsweredAt = &moment{w.AnsweredAt}
	}
	return out
}

// scheduleNamed tells a schedule by its id and present name.
func scheduleNamed(tx reader, id core.ScheduleID) thing {
	out := thing{ID: string(id)}
	if s, err := (state.Pick{ID: string(id)}).Schedule(tx); err == nil {
		out.Name = s.Name
	}
	return out
}

// oneSwapIn names a request to swap.
type oneSwapIn struct{ id string }

func (in *oneSwapIn) read(c *call) { in.id = c.identifier("id") }

func (a *API) getSwap(ctx context.Context, in *oneSwapIn) (*data[swapRecord], error) {
	var out data[swapRecord]
	err := a.look(ctx, func(tx reader) error {
		w, ok := state.Swaps.Get(tx, table.K().String(in.id))
		if !ok {
			return core.Missing("Swap", in.id)
		}
		out.of = swapOf(tx, w, a.Now())
		return nil
	})
	return &out, err
}

// swapsIn asks for the requests to swap of which something lies ahead.
type swapsIn struct {
	partIn
	user, schedule, status string
}

func (in *swapsIn) read(c *call) {
	in.partIn.read(c)
	in.user, in.schedule = c.query("user"), c.query("schedule")
	in.status = c.choice("status", "any", "asked", "accepted", "declined", "withdrawn", "expired")
}

func (a *API) listSwaps(ctx context.Context, in *swapsIn) (out *page[swapRecord], err error) {
	now := a.Now()
	err = a.look(ctx, func(tx reader) error {
		user, err := filterUser(tx, in.user)
		if err != nil {
			return err
		}
		schedule, err := filterSchedule(tx, in.schedule)
		if err != nil {
			return err
		}
		matching := func(yield func(*state.Swap) bool) {
			for w := range state.SwapsOf(tx, user, now) {
				if (schedule == "" || w.Schedule == schedule) && (in.status == "any" || w.StatusAt(now).String() == in.status) && !yield(w) {
					return
				}
			}
		}
		out = part(in.partIn, matching, func(w *state.Swap) swapRecord { return swapOf(tx, w, now) })
		return nil
	})
	return out, err
}

// filterSchedule returns the id of the schedule that a parameter of the query names, empty if
// it does not.
func filterSchedule(tx reader, name string) (core.ScheduleID, error) {
	if name == "" {
		return "", nil
	}
	s, err := state.Either(name).Schedule(tx)
	if err != nil {
		return "", core.Invalid("schedule", err.Error())
	}
	return s.ID, nil
}
