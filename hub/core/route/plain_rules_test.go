package route_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/rota"
	"keng/hub/core/route"
)

// plainOn says whether a thing works that is enabled or not, and by which maintenance.
func plainOn(all []route.Maintenance, kind route.EntityKind, id string, enabled bool, at time.Time) (on bool, by string) {
	on = enabled
	var last *route.Maintenance
	for i := range all {
		m := &all[i]
		cancelled := !m.CancelledAt.IsZero() && at.UnixNano() >= m.CancelledAt.UnixNano()
		over := !m.End.IsZero() && at.UnixNano() >= m.End.UnixNano()
		if cancelled || over || at.UnixNano() < m.Start.UnixNano() {
			continue
		}
		if last != nil && (m.Start.Before(last.Start) || m.Start.Equal(last.Start) && m.ID < last.ID) {
			continue
		}
		for _, r := range m.Rules {
			if r.Kind == kind && r.ID == id {
				last, on, by = m, r.On, m.ID
			}
		}
	}
	if kind == route.AnIntegration {
		on = enabled && last == nil
	}
	return on, by
}

// maintenance invents some, of few things and few moments, so that they often contradict.
func (r asker) maintenance(ids ...string) (all []route.Maintenance) {
	for n := range r.IntN(5) {
		m := route.Maintenance{ID: fmt.Sprint("m", n), Start: now.Add(time.Duration(r.IntN(5)-3) * time.Hour)}
		if r.IntN(2) == 0 {
			m.End = m.Start.Add(time.Duration(1+r.IntN(4)) * time.Hour)
		}
		if r.IntN(4) == 0 {
			m.CancelledAt = now.Add(time.Duration(r.IntN(5)-2) * time.Hour)
		}
		for range 1 + r.IntN(3) {
			m.Rules = append(m.Rules, route.MaintenanceRule{Kind: route.EntityKind(1 + r.IntN(2)), ID: r.pick(ids...), On: r.IntN(2) == 0})
		}
		all = append(all, m)
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// restriction invents windows of the week, in a zone that may not be known; often none.
func (r asker) restriction() (*rota.Restriction, string) {
	if r.IntN(3) > 0 {
		return nil, ""
	}
	hour := r.IntN(24)
	return &rota.Restriction{Daily: true, Windows: []rota.Window{{StartMinute: hour * 60, EndMinute: (hour + 12) % 24 * 60}}}, r.pick(hanoi, "UTC", "Europe/Berlin", "Atlantis")
}

// plainIn says whether it is the time of a restriction, and whether its zone is known.
func plainIn(r *rota.Restriction, zone string, at time.Time) (in, known bool) {
	if r == nil {
		return true, true
	}
	z, err := zones(zone)
	if err != nil {
		return false, false
	}
	local := at.In(z)
	minute, w := local.Hour()*60+local.Minute(), r.Windows[0]
	if w.StartMinute < w.EndMinute {
		return minute >= w.StartMinute && minute < w.EndMinute, true
	}
	return minute >= w.StartMinute || minute < w.EndMinute, true
}

// What maintenance switches is what a plain search for the last word finds.
func TestMaintenanceAsPlainlySearched(t *testing.T) {
	for seed := range uint64(4000) {
		r := asker{newRandom(seed)}
		all := r.maintenance("a", "b")
		moment := now.Add(time.Duration(r.IntN(9)-4) * 30 * time.Minute)
		effects := route.InForce(all, moment)
		for _, id := range []string{"a", "b", "c"} {
			for _, enabled := range []bool{false, true} {
				on, why := effects.Policy(id, enabled)
				want, by := plainOn(all, route.APolicy, id, enabled, moment)
				if on != want || (why != "") != (by != "") || !strings.HasSuffix(why, by) {
					t.Fatalf("ogapi-8.maintenance.policy, keng-8.maintenance.last-word: seed %d: %s works: %v (%s), and plainly %v by %q", seed, id, on, why, want, by)
				}
				on, why = effects.Integration(core.IntegrationID(id), enabled)
				want, by = plainOn(all, route.AnIntegration, id, enabled, moment)
				if on != want || enabled && !strings.HasSuffix(why, by) || !enabled && why != "" {
					t.Fatalf("ogapi-8.maintenance.integration: seed %d: %s works: %v (%s), and plainly %v by %q", seed, id, on, why, want, by)
				}
			}
		}
	}
}

// The status of a maintenance changes exactly when it says that it does next, at the most
// twice, and never back.
func TestMaintenanceInItsLife(t *testing.T) {
	for seed := range uint64(3000) {
		r := asker{newRandom(seed)}
		for _, m := range r.maintenance("a") {
			m.CancelledAt = time.Time{}
			moment, changes := m.Start.Add(-time.Hour), 0
			for next := m.Next(moment); !next.IsZero(); next = m.Next(moment) {
				if was := m.Status(moment); m.Status(next.Add(-1)) != was || m.Status(next) <= was {
					t.Fatalf("keng-8.maintenance.next: %+v: %v at %s, which changes not exactly at %s", m, was, moment, next)
				}
				if moment, changes = next, changes+1; changes > 2 {
					t.Fatalf("keng-8.maintenance.next: %+v changes without end", m)
				}
			}
			if last := m.Status(moment.Add(1000 * time.Hour)); m.End.IsZero() && last != route.Active || !m.End.IsZero() && last != route.Past {
				t.Fatalf("ogapi-8.maintenance.past, ogapi-8.maintenance.indefinitely: %+v ends as %v", m, last)
			}
			cancel := m.Start.Add(time.Duration(r.IntN(9)-4) * time.Hour)
			before, err := m.Status(cancel), m.Cancel(cancel)
			if (err == nil) != (before <= route.Active) {
				t.Fatalf("ogapi-8.maintenance.cancel: %v: %v", before, err)
			}
			if err == nil && (m.Status(cancel.Add(-1)) > before || m.Status(cancel) != route.Cancelled || m.Cancel(cancel.Add(1)) == nil || !m.CancelledAt.Equal(cancel)) {
				t.Fatalf("ogapi-8.maintenance.cancelled: %+v", m)
			}
		}
	}
}

// Routing is a plain search for the first rule.
func TestRoutingAsPlainlySearched(t *testing.T) {
	for seed := range uint64(8000) {
		r := asker{newRandom(seed)}
		s := r.subject()
		s.Payload = nil
		owner := route.Team{ID: "t1", Name: r.pick("", "network")}
		want, why := "", ""
		for n := range r.IntN(5) {
			x := route.Rule{ID: fmt.Sprint("r", n), Name: r.pick("", "by night"), Criteria: r.criteria()}
			x.Restriction, x.Zone = r.restriction()
			in, known := plainIn(x.Restriction, x.Zone, now)
			if want == "" && (in || !known) && plainAll(&x.Criteria, &s) {
				want, why = x.ID, "routing rule "+cmp.Or(x.Name, x.ID)+" of team "+cmp.Or(owner.Name, "t1")+": "+plainWhy(&x.Criteria, &s)
			}
			owner.Rules = append(owner.Rules, x)
		}
		got, ok := owner.Route(&s, world())
		if got.Rule.ID != want || ok != (want != "") || got.Reason != why {
			t.Fatalf("ogapi-8.routing.first, ogapi-8.routing.restriction, keng-8.routing.zone-unknown: seed %d: %q (%s), and plainly %q (%s)", seed, got.Rule.ID, got.Reason, want, why)
		}
		// The rules after the one that decides, and those that do not match, do not matter.
		place := slices.IndexFunc(owner.Rules, func(x route.Rule) bool { return x.ID == want })
		if place < 0 {
			continue
		}
		short := owner
		short.Rules = owner.Rules[place : place+1]
		if alone, _ := short.Route(&s, world()); !reflect.DeepEqual(alone, got) {
			t.Fatalf("ogapi-8.routing.first: seed %d: alone it decides otherwise: %+v", seed, alone)
		}
	}
}

// plainRewrite returns what a rewriting makes of a draft, and which names its templates lacked.
func plainRewrite(x *route.Rewrite, d alert.Draft, s *route.Subject) (alert.Draft, []string) {
	var lacked []string
	fill := func(source string, most int) (string, bool) {
		text, missing, _ := plainFill(source, most, s)
		for _, name := range missing {
			if !slices.Contains(lacked, name) {
				lacked = append(lacked, name)
			}
		}
		return text, len(missing) == 0
	}
	out := d
	write := func(to *string, source string, most int) {
		if source != "" {
			*to, _ = fill(source, most)
		}
		*to = plainCut(*to, most)
	}
	if write(&out.Message, x.Message, 130); strings.Trim(out.Message, " \t\n") == "" {
		out.Message = plainCut(d.Message, 130)
	}
	write(&out.Description, x.Description, 15_000)
	write(&out.Entity, x.Entity, 512)
	write(&out.Source, x.Source, 100)
	if alias, whole := fill(x.Alias, 512); whole && alias != "" {
		out.Alias = alias
	}
	out.Alias = plainCut(out.Alias, 512)
	if x.Priority != 0 {
		out.Priority = x.Priority
	} else if x.CustomPriority != "" {
		said, _ := fill(x.CustomPriority, 200)
		if n := slices.Index([]string{"P1", "P2", "P3", "P4", "P5"}, strings.ToUpper(strings.TrimSpace(said))); n >= 0 {
			out.Priority = core.Priority(n + 1)
		}
	}
	labels := func(given, sources []string, ignore bool, most int) []string {
		var own []string
		for _, source := range sources {
			text, _ := fill(source, 15_000)
			for _, part := range strings.Split(text, ",") {
				if part = strings.TrimSpace(part); part != "" {
					own = append(own, plainCut(part, 50))
				}
			}
		}
		var was []string
		for _, x := range given {
			was = append(was, plainCut(x, 50))
		}
		return plainJoin(was, own, ignore, most)
	}
	out.Tags = labels(d.Tags, x.Tags, x.IgnoreTags, 20)
	out.Actions = labels(d.Actions, x.Actions, x.IgnoreActions, 10)
	out.Responders = plainJoin(d.Responders, x.Responders, x.IgnoreResponders, 50)
	out.Details = map[string]string{}
	if !x.IgnoreDetails {
		for key, value := range d.Details {
			out.Details[key] = value
		}
	}
	var own []string
	for key := range x.Details {
		own = append(own, key)
	}
	slices.Sort(own)
	for _, key := range own {
		out.Details[key], _ = fill(x.Details[key], 8000)
	}
	out.Details = plainFit(out.Details, own)
	return out, lacked
}

// plainJoin puts what is added behind what was given, of which it leaves out the last where
// there is no room for them. Nothing stands there twice, unless it was given so and fits.
func plainJoin[T comparable](given, added []T, ignore bool, most int) (all []T) {
	if ignore {
		given = nil
	}
	if len(added) == 0 && len(given) <= most {
		return given
	}
	once := func(list []T) (out []T) {
		for _, x := range list {
			if !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
		return out
	}
	added = once(added)
	added = added[:min(len(added), most)]
	for _, x := range once(given) {
		if !slices.Contains(added, x) && len(all)+len(added) < most {
			all = append(all, x)
		}
	}
	return append(all, added...)
}

// plainFit lets details stand that fit into 8,000 characters: of a rule's own ones, and then of
// the others, each in the order of the keys.
func plainFit(details map[string]string, own []string) map[string]string {
	order := make([]string, 0, len(details))
	for key := range details {
		if !slices.Contains(own, key) {
			order = append(order, key)
		}
	}
	slices.Sort(order)
	total, room, fit := 0, 8000, map[string]string{}
	for _, key := range slices.Concat(own, order) {
		total += len([]rune(key)) + len([]rune(details[key]))
		if left := room - len([]rune(key)); left > 0 {
			fit[key] = plainCut(details[key], left)
			room = left - len([]rune(fit[key]))
		}
	}
	if total <= 8000 {
		return details
	}
	return fit
}

// sameDraft says whether two drafts are the same, where nothing and an empty list are.
func sameDraft(a, b alert.Draft) bool {
	for _, d := range []*alert.Draft{&a, &b} {
		if len(d.Details) == 0 {
			d.Details = nil
		}
		if len(d.Tags) == 0 {
			d.Tags = nil
		}
		if len(d.Actions) == 0 {
			d.Actions = nil
		}
		if len(d.Responders) == 0 {
			d.Responders = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

// Shaping is a plain fold of policies over a draft.
func TestShapingAsAPlainFold(t *testing.T) {
	applied := 0
	for seed := range uint64(2500) {
		r, few := inventor{newRandom(seed)}, asker{newRandom(seed + 1<<32)}
		d := r.draft()
		lists := [2][]route.AlertPolicy{r.policies(), r.policies()}
		for l := range lists {
			for n := range lists[l] {
				p := &lists[l][n]
				p.ID, p.Name = fmt.Sprint("p", l, n), few.pick("", "by night")
				p.Restriction, p.Zone = few.restriction()
			}
		}
		maintenance := few.maintenance("p00", "p10", "p11")
		ofTeam := func(id core.TeamID) []route.AlertPolicy {
			if id == "7" { // this team has none
				return nil
			}
			return lists[1]
		}
		x := route.Shaping{Global: lists[0], Team: ofTeam, Names: names}
		w := world()
		w.Maintenance = route.InForce(maintenance, now)
		got := x.Shape(d, w)
		want, reasons := d, []string(nil)
		for l, list := range lists {
			if owner := plainOwner(&want); l == 1 && (owner == "" || owner == "7") {
				break
			}
			for n := range list {
				p := &list[n]
				on, by := plainOn(maintenance, route.APolicy, p.ID, !p.Disabled, now)
				in, _ := plainIn(p.Restriction, p.Zone, now)
				s := route.OfDraft(&want, names)
				if !on || !in || !plainAll(&p.Filter, &s) {
					continue
				}
				reason := "alert policy " + cmp.Or(p.Name, p.ID) + ": " + plainWhy(&p.Filter, &s)
				if by != "" {
					reason += " (switched on by maintenance " + by + ")"
				}
				var lacked []string
				if want, lacked = plainRewrite(&p.Fields, want, &s); len(lacked) > 0 {
					reason += fmt.Sprintf("; without %q", lacked[:min(3, len(lacked))])
				}
				reasons = append(reasons, reason)
				if !p.Continue {
					break
				}
			}
		}
		if !sameDraft(got.Draft, want) {
			t.Fatalf("ogapi-8.policy.continue, keng-8.policy.sees-what-was-made and their like: seed %d:\n%+v, and plainly\n%+v", seed, got.Draft, want)
		}
		for n, a := range got.Applied {
			if n >= len(reasons) || !strings.HasPrefix(a.Reason, reasons[n]) || strings.Contains(a.Reason, "; without") != strings.Contains(reasons[n], "; without") {
				t.Fatalf("keng-8.policy.reason: seed %d: %q, and plainly %q", seed, got.Applied, reasons)
			}
		}
		if len(got.Applied) != len(reasons) {
			t.Fatalf("ogapi-8.policy.first: seed %d: %q, and plainly %q", seed, got.Applied, reasons)
		}
		applied += len(reasons)
	}
	if applied < 1000 {
		t.Errorf("only %d policies were applied: this proves little", applied)
	}
}
