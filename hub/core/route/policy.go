package route

import (
	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
)

// The bounds of policies.
const (
	PoliciesMax          = 1000 // of one team, and global ones
	PolicyDescriptionMax = 200  // characters
)

// AlertPolicy rewrites alerts before they are created.
type AlertPolicy struct {
	ID          string `cbor:"1,keyasint"`
	Name        string `cbor:"2,keyasint"`
	Description string `cbor:"3,keyasint,omitempty"`
	Disabled    bool   `cbor:"4,keyasint,omitempty"`
	// Team owns the policy, which is for the alerts of the team; empty: it is global.
	Team   core.TeamID `cbor:"5,keyasint,omitempty"`
	Filter Criteria    `cbor:"6,keyasint"`
	// Restriction limits the policy to windows of the week in Zone, an IANA name.
	Restriction *rota.Restriction `cbor:"7,keyasint,omitempty"`
	Zone        string            `cbor:"8,keyasint,omitempty"`
	// Continue lets the next policy that matches rewrite what this one has made.
	Continue bool    `cbor:"9,keyasint,omitempty"`
	Fields   Rewrite `cbor:"10,keyasint"`
}

// Check says what is wrong with an alert policy.
func (p *AlertPolicy) Check() error {
	wrong := faults{}
	wrong.name("name", p.Name)
	wrong.length("policyDescription", p.Description, PolicyDescriptionMax)
	p.Filter.check(wrong, "filter.", Alerts)
	wrong.restriction(p.Restriction, p.Zone)
	if p.Fields.Message == "" {
		wrong.add("message", "is missing: write {{message}} to leave it as it is")
	}
	p.Fields.check(wrong, "", Alerts)
	return wrong.err()
}

// Applied is a policy that had a say, and why.
type Applied struct {
	Policy string // id
	Reason string
}

// Shaping is all that shapes an alert before it is created.
type Shaping struct {
	// Matrix gives a priority to drafts that have none; nil: there is no such table.
	Matrix *Matrix
	// Global are the policies for all alerts, Team finds those of a team; both in their order.
	Global []AlertPolicy
	Team   func(core.TeamID) []AlertPolicy
	Names  Names
}

// Shaped is a draft as it becomes, and all that had a say in it, in order.
type Shaped struct {
	Draft   alert.Draft
	Applied []Applied
}

// Shape returns what becomes of a draft. The priority is looked up first, if there is none.
// Then, of the global policies and after them of the owner team's, the first that matches is
// applied, and the next only if it says so. A policy sees what those before it have made of
// the alert; the owner team is asked for after the global ones, which may have changed it.
//
// The draft is not changed. One that is within the limits of an alert stays within them.
func (x *Shaping) Shape(d alert.Draft, w *World) Shaped {
	out := Shaped{Draft: d}
	if p, why, ok := x.Matrix.Priority(d.Details); ok && d.Priority == 0 {
		out.Draft.Priority = p
		out.Applied = append(out.Applied, Applied{Reason: why})
	}
	work := x.pass(&out, x.Global, w, 0)
	if owner := Owner(&out.Draft); owner != "" && x.Team != nil {
		work = x.pass(&out, x.Team(owner), w, work)
	}
	if work > workMax {
		out.Applied = append(out.Applied, Applied{Reason: tooMuch})
	}
	return out
}

// pass lets the policies of one owner have their say, and returns what has been spent with it.
func (x *Shaping) pass(out *Shaped, policies []AlertPolicy, w *World, work int) int {
	s := OfDraft(&out.Draft, x.Names)
	s.work = work
	for i := range policies {
		p := &policies[i]
		on, why := w.Maintenance.Policy(p.ID, !p.Disabled)
		if !on {
			continue
		}
		if in, _ := w.covers(p.Restriction, p.Zone); !in || !p.Filter.MetBy(&s, w.Memo) {
			continue
		}
		f := filler{subject: &s, memo: w.Memo}
		out.Applied = append(out.Applied, Applied{p.ID, "alert policy " + called(p.Name, p.ID) + ": " + p.Filter.Why(&s, w.Memo) + aside(why)})
		out.Draft = p.Fields.rewrite(&out.Draft, &f)
		out.Applied[len(out.Applied)-1].Reason += lacking(f.missing)
		if !p.Continue {
			break
		}
		work = s.work
		s = OfDraft(&out.Draft, x.Names)
		s.work = work
	}
	return s.work
}

// aside adds something to a reason, if there is something.
func aside(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

// Owner returns the team that owns what a draft becomes: the one that was said, else the
// first among the responders; empty if there is none.
func Owner(d *alert.Draft) core.TeamID {
	if d.OwnerTeam != "" {
		return d.OwnerTeam
	}
	for _, r := range d.Responders {
		if r.Kind == alert.Team {
			return core.TeamID(r.ID)
		}
	}
	return ""
}
