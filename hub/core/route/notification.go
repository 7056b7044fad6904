package route

import (
	"fmt"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
)

// NotificationPolicy says whether and when a team is notified of an alert, and what happens
// when nobody reacts. All that it says holds together.
type NotificationPolicy struct {
	ID          string      `cbor:"1,keyasint"`
	Name        string      `cbor:"2,keyasint"`
	Description string      `cbor:"3,keyasint,omitempty"`
	Disabled    bool        `cbor:"4,keyasint,omitempty"`
	Team        core.TeamID `cbor:"5,keyasint"`
	Filter      Criteria    `cbor:"6,keyasint"`
	// Restriction limits the policy to windows of the week. Zone, an IANA name, is also that
	// in which a delay ends.
	Restriction *rota.Restriction `cbor:"7,keyasint,omitempty"`
	Zone        string            `cbor:"8,keyasint,omitempty"`
	// Suppress notifies nobody, ever.
	Suppress bool           `cbor:"9,keyasint,omitempty"`
	Delay    *Delay         `cbor:"10,keyasint,omitempty"`
	Restart  *Restart       `cbor:"11,keyasint,omitempty"`
	Repeated *Deduplication `cbor:"12,keyasint,omitempty"`
	// CloseAfter is how long after its last occurrence an alert is closed by itself; zero:
	// it never is.
	CloseAfter time.Duration `cbor:"13,keyasint,omitempty"`
}

// Restart begins notifying anew while nobody has acknowledged.
type Restart struct {
	After time.Duration `cbor:"1,keyasint"` // after it began last
	Most  int           `cbor:"2,keyasint"` // how often
}

// Deduplication notifies only of what occurs again and again.
type Deduplication struct {
	// Count is the occurrence of which is notified: [CountMin] to [CountMax].
	Count int `cbor:"1,keyasint"`
	// Within is, if it is by frequency, the time in which there must be so many; zero: by
	// value, however long it takes.
	Within time.Duration `cbor:"2,keyasint,omitempty"`
}

// The bounds of notification policies.
const (
	CountMin   = 2
	CountMax   = 100
	RestartMax = 100 // how often notifying may begin anew
)

// Check says what is wrong with a notification policy.
func (p *NotificationPolicy) Check() error {
	wrong := faults{}
	wrong.name("name", p.Name)
	wrong.length("policyDescription", p.Description, PolicyDescriptionMax)
	if p.Team == "" {
		wrong.add("teamId", "is missing: a notification policy is a team's")
	}
	p.Filter.check(wrong, "filter.", Alerts)
	wrong.restriction(p.Restriction, p.Zone)
	if p.Delay != nil {
		p.Delay.check(wrong, "delayAction.")
		if p.Delay.Option != ForDuration && p.Zone == "" {
			wrong.add("timezone", "a delay until a time needs a time zone, such as Asia/Ho_Chi_Minh")
		}
	}
	if r := p.Restart; r != nil {
		wrong.span("autoRestartAction.duration", r.After, time.Minute, DurationMax)
		if r.Most < 1 || r.Most > RestartMax {
			wrong.add("autoRestartAction.maxRepeatCount", fmt.Sprintf("must be from 1 to %d", RestartMax))
		}
	}
	if d := p.Repeated; d != nil {
		if d.Count < CountMin || d.Count > CountMax {
			wrong.add("deduplicationAction.count", fmt.Sprintf("must be from %d to %d", CountMin, CountMax))
		}
		if d.Within != 0 {
			wrong.span("deduplicationAction.duration", d.Within, time.Second, DurationMax)
		}
	}
	if p.CloseAfter != 0 {
		wrong.span("autoCloseAction.duration", p.CloseAfter, time.Minute, DurationMax)
	}
	return wrong.err()
}

// Facts are what notification policies need to know of an alert.
type Facts struct {
	Created time.Time
	// Count is how often it has occurred, the first time included, Occurred when: the latest
	// times, oldest first, as many as are remembered. More than [CountMax] are never needed.
	Count    uint64
	Occurred []time.Time
	// Began is when notifying began last; zero: it has not yet. Restarts is how often it has
	// begun anew.
	Began    time.Time
	Restarts int
	// Under reports, of an alert under which others are, whether a policy that it meets, and
	// that holds back or closes, may decide: what is under it has to meet the policy, too. Nil: it may.
	Under func(*NotificationPolicy) bool
}

// last returns when the alert occurred last.
func (f *Facts) last() time.Time {
	if n := len(f.Occurred); n > 0 && f.Occurred[n-1].After(f.Created) {
		return f.Occurred[n-1]
	}
	return f.Created
}

// Verdict is what is to happen for one team. The zero value is what happens without a
// policy: notify now, and nothing else by itself.
type Verdict struct {
	// Policy is the id of the policy that says so; empty: none does.
	Policy string
	// Suppress: nobody is notified.
	Suppress bool
	// DelayUntil is a moment yet to come before which nobody is notified; zero: there is none.
	DelayUntil time.Time
	// HoldFor is how many further occurrences it takes, at the least, until anybody is
	// notified; zero: none. Each is a reason to ask again.
	HoldFor int
	// Back says in a few words why nobody is notified now; empty: the team is.
	Back string
	// RestartAt is when notifying, which has begun or begins now, begins anew, if nobody has
	// acknowledged by then; CloseAt is when the alert is closed by itself. Zero: never. They
	// may lie in the past.
	RestartAt time.Time
	CloseAt   time.Time
	// Reasons say why, each a sentence for the activity log.
	Reasons []string
}

// Now reports whether the team is to be notified at once.
func (v *Verdict) Now() bool { return !v.Suppress && v.DelayUntil.IsZero() && v.HoldFor == 0 }

// Judge returns what a team's notification policies say of an alert: the first that matches
// decides alone. One whose zone is not known has no say, nor has one that maintenance has
// switched off; the former is told among the reasons.
//
// A delay counts from the creation of the alert. Once notifying has begun, neither delay nor
// repetition holds it up.
func Judge(policies []NotificationPolicy, s *Subject, f *Facts, w *World) Verdict {
	var out Verdict
	for i := range policies {
		p := &policies[i]
		on, why := w.Maintenance.Policy(p.ID, !p.Disabled)
		if !on || !p.Filter.MetBy(s, w.Memo) || f.Under != nil && p.quiets() && !f.Under(p) {
			continue
		}
		name := "notification policy " + called(p.Name, p.ID)
		if in, known := w.covers(p.Restriction, p.Zone); !known {
			out.Reasons = append(out.Reasons, name+" has no say: its time zone "+p.Zone+" is not known")
			continue
		} else if !in {
			continue
		}
		out.Policy = p.ID
		out.Reasons = append(out.Reasons, name+" decides: "+p.Filter.Why(s, w.Memo)+aside(why))
		p.judge(&out, f, w)
		return out
	}
	if s.tired() {
		out.Reasons = append(out.Reasons, "no notification policy decides: "+tooMuch)
	}
	return out
}

// quiets reports whether the policy can keep a team from being notified, or close an alert.
func (p *NotificationPolicy) quiets() bool {
	return p.Suppress || p.Delay != nil || p.Repeated != nil || p.CloseAfter > 0
}

// judge adds what the policy, which decides, says of the alert.
func (p *NotificationPolicy) judge(out *Verdict, f *Facts, w *World) {
	say := func(format string, values ...any) { out.Reasons = append(out.Reasons, fmt.Sprintf(format, values...)) }
	back := func(format string, values ...any) {
		out.Back = fmt.Sprintf(format, values...)
		out.Reasons = append(out.Reasons, out.Back)
	}
	if p.Suppress {
		out.Suppress = true
		back("suppressed: nobody is notified")
	}
	if p.Delay != nil && !p.Suppress && f.Began.IsZero() {
		p.delay(out, f, w, say, back)
	}
	if p.Repeated != nil && !p.Suppress && f.Began.IsZero() {
		if out.HoldFor = p.Repeated.lacks(f, w.Now); out.HoldFor > 0 {
			out.Back = "held: " + p.Repeated.words()
			say("%s, and it takes %s", out.Back, plural(out.HoldFor, "further occurrence"))
		}
	}
	began := f.Began
	if began.IsZero() && out.Now() {
		began = w.Now
	}
	if r := p.Restart; r != nil && !p.Suppress && !began.IsZero() {
		if f.Restarts < r.Most {
			out.RestartAt = began.Add(r.After)
			say("begins anew %s after the last time, if nobody has acknowledged: number %d of %d", words(r.After), f.Restarts+1, r.Most)
		} else {
			say("does not begin anew: it has %s", plural(f.Restarts, "time"))
		}
	}
	if p.CloseAfter > 0 {
		out.CloseAt = f.last().Add(p.CloseAfter)
		say("closed by itself %s after its last occurrence", words(p.CloseAfter))
	}
}

func (p *NotificationPolicy) delay(out *Verdict, f *Facts, w *World, say, back func(string, ...any)) {
	zone := time.UTC // which does not count for a duration
	if p.Delay.Option != ForDuration {
		var err error
		if zone, err = w.Zones(p.Zone); err != nil {
			say("not delayed: the time zone %s is not known", p.Zone)
			return
		}
	}
	if until := p.Delay.Until(f.Created, zone); until.After(w.Now) {
		out.DelayUntil = until
		back("delayed %s, which is %s", p.Delay.words(), until.In(zone).Format(time.RFC3339))
	}
}

// lacks returns how many further occurrences it takes, at the least.
func (d *Deduplication) lacks(f *Facts, now time.Time) int {
	there := int(min(f.Count, CountMax))
	if d.Within > 0 {
		there = 0
		for _, t := range f.Occurred {
			if t.After(now.Add(-d.Within)) {
				there++
			}
		}
	}
	return max(0, d.Count-there)
}

func (d *Deduplication) words() string {
	if d.Within > 0 {
		return fmt.Sprintf("notified when it occurs %d times within %s", d.Count, words(d.Within))
	}
	return fmt.Sprintf("notified from its occurrence number %d on", d.Count)
}
