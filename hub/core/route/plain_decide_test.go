package route_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// action invents an action.
func (r inventor) action(few asker, name string) route.Action {
	return route.Action{
		ID: "id-" + name, Name: few.pick("", name), Kind: route.ActionKind(few.IntN(7)), Filter: few.criteria(), Alias: r.template(), User: r.template(), Note: r.template(), Fields: r.rewrite(),
		AppendAttachments: few.IntN(2) == 0,
	}
}

// plainDecide decides what an integration does with what came in.
func plainDecide(i *route.Integration, d alert.Draft, s *route.Subject, on bool) (out route.Decision) {
	if !on {
		return route.Decision{Kind: route.Ignore}
	}
	a := route.Action{Kind: route.Create}
	place := slices.IndexFunc(i.Actions, func(a route.Action) bool {
		return a.Kind >= route.Create && a.Kind <= route.Ignore && plainAll(&a.Filter, s)
	})
	if place >= 0 {
		a = i.Actions[place]
	} else if slices.ContainsFunc(i.Actions, func(a route.Action) bool { return a.Kind == route.Create }) {
		return route.Decision{}
	}
	out = route.Decision{Kind: a.Kind, Action: a.ID}
	if a.Kind == route.Ignore {
		return out
	}
	missing := []string{}
	fill := func(source, given string, most int) string {
		if source == "" {
			return plainCut(given, most)
		}
		text, lacked, _ := plainFill(source, most, s)
		missing = append(missing, lacked...)
		return text
	}
	if a.Kind != route.Create {
		if out.Alias = fill(a.Alias, s.Alias, 512); len(missing) > 0 {
			out.Alias = ""
		}
		out.User, out.Note = fill(a.User, d.User, 100), fill(a.Note, d.Note, 25_000)
		out.Missing = missing
		return out
	}
	out.AppendAttachments = a.AppendAttachments
	if i.IgnoreResponders {
		d.Responders = nil
	}
	fields := a.Fields
	fields.Alias = cmp.Or(a.Alias, fields.Alias)
	fields.Responders = plainJoin(fields.Responders, i.Responders, false, 50)
	out.Draft, missing = plainRewrite(&fields, d, s)
	out.Draft.User, out.Draft.Note = fill(a.User, d.User, 100), fill(a.Note, d.Note, 25_000)
	out.Draft.Integration = i.ID
	if i.Team != "" {
		out.Draft.OwnerTeam, out.Draft.Responders = i.Team, []alert.Responder{team(string(i.Team))}
	}
	out.Draft.Message = cmp.Or(out.Draft.Message, plainCut("Alert of "+cmp.Or(i.Name, string(i.ID)), 130))
	out.Missing = missing
	return out
}

// What an integration does is what a second, plain decision says; each kind came about.
func TestDecisionsAsPlainlyDecided(t *testing.T) {
	kinds := map[route.ActionKind]int{}
	for seed := range uint64(4000) {
		r, few := inventor{newRandom(seed)}, asker{newRandom(seed + 1<<32)}
		d := r.draft()
		d.Message, d.User, d.Note = few.pick("", "", d.Message), r.word(), r.word()
		s := route.OfDraft(&d, names)
		s.Payload = map[string]string{"host": few.word(), "k": few.word()}
		i := route.Integration{ID: "i1", Name: few.pick("", "Cloud"), Disabled: few.IntN(8) == 0, IgnoreResponders: few.IntN(3) == 0, Responders: r.responders(3)}
		if few.IntN(4) == 0 {
			i.Team = "t2"
		}
		for n := range few.IntN(5) {
			i.Actions = append(i.Actions, r.action(few, fmt.Sprint(n)))
		}
		maintenance := few.maintenance("i1", "i2")
		w := world()
		w.Maintenance = route.InForce(maintenance, now)
		on, by := plainOn(maintenance, route.AnIntegration, "i1", !i.Disabled, now)
		want, got := plainDecide(&i, d, &s, !i.Disabled), i.Decide(&d, &s, w)
		if !on && want.Kind == route.Create { // maintenance lets through what is about alerts that are there
			want = route.Decision{Kind: route.Ignore}
		}
		kinds[want.Kind]++
		if got.Kind != want.Kind || got.Action != want.Action || got.Alias != want.Alias || got.User != want.User || got.Note != want.Note || got.AppendAttachments != want.AppendAttachments {
			t.Fatalf("ogapi-8.action.first, ogapi-8.action.close-fields and their like: seed %d:\n%+v, and plainly\n%+v", seed, got, want)
		}
		if !sameDraft(got.Draft, want.Draft) {
			t.Fatalf("ogapi-8.action.as-it-came and its like: seed %d:\n%+v, and plainly\n%+v", seed, got.Draft, want.Draft)
		}
		slices.Sort(got.Missing)
		slices.Sort(want.Missing)
		if lacked := slices.Compact(want.Missing); !slices.Equal(got.Missing, lacked) || (len(lacked) > 0) != strings.Contains(got.Reason, "; without [") {
			t.Fatalf("keng-8.action.reason-missing: seed %d: %q (%s), and plainly %q", seed, got.Missing, got.Reason, lacked)
		}
		if want.Kind == route.Ignore && want.Action == "" && !on && by != "" && !i.Disabled && !strings.HasSuffix(got.Reason, "switched off by maintenance "+by) || !on && i.Disabled && !strings.HasSuffix(got.Reason, "is disabled") {
			t.Fatalf("ogapi-8.maintenance.integration, ogapi-8.action.enabled: seed %d: %s", seed, got.Reason)
		}
	}
	for kind := route.ActionKind(0); kind <= route.Ignore; kind++ {
		if kinds[kind] < 50 {
			t.Errorf("only %d decisions to %q: this proves little", kinds[kind], kind)
		}
	}
}

// What a tool says of user and note is text, even where it looks like a template: only what
// was configured is one.
func TestWhatAToolSaysIsNoTemplate(t *testing.T) {
	for _, a := range []route.Action{does(route.Create, "a"), does(route.Close, "a"), does(route.Acknowledge, "a"), does(route.AddNote, "a")} {
		for _, said := range []string{"{{message}}", "{{ inventory_hostname }}", "{{details.host.toUpperCase()}}"} {
			d, s := sent()
			d.User, d.Note = said, "seen on "+said
			i := route.Integration{ID: "i1", Name: "Cloud", Actions: []route.Action{a}}
			got := i.Decide(&d, &s, world())
			user, note := got.User, got.Note
			if a.Kind == route.Create {
				user, note = got.Draft.User, got.Draft.Note
			}
			if user != said || note != "seen on "+said || len(got.Missing) > 0 {
				t.Errorf("keng-8.action.said-is-text: %v of %q: by %q, note %q, missing %q", a.Kind, said, user, note, got.Missing)
			}
		}
	}
	d, s := sent()
	d.User, d.Note = "{{message}}", "{{message}}"
	if got := (&route.Integration{ID: "i1"}).Decide(&d, &s, world()).Draft; got.User != "{{message}}" || got.Note != "{{message}}" {
		t.Errorf("keng-8.action.said-is-text: without actions: by %q, note %q", got.User, got.Note)
	}
}
