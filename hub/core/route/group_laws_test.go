package route_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core/route"
)

// Where an alert goes in its group, for every parent, however many are loose, and every bound:
// it joins what is open, has room and is fresh; else it waits for enough others, or founds.
func TestEveryPlaceInAGroup(t *testing.T) {
	places := map[route.Place]int{}
	for n := range 2 * 5 * 4 * 4 * 5 * 3 * 3 {
		pick := func(of int) int { x := n % of; n /= of; return x }
		open, members, joined, loose, from, most, window := pick(2) == 1, pick(5), time.Duration(pick(4))*time.Minute, pick(4), pick(5), pick(3), time.Duration(pick(3))*time.Minute
		g := route.Group{Grouping: &route.Grouping{From: from, Most: most, Window: window}, Reason: "grouping x: k"}
		var parent *route.Parent
		if members > 0 {
			parent = &route.Parent{ID: "p", Open: open, Members: members, LastJoined: now.Add(-joined)}
		}
		want, id := route.Founds, ""
		if loose+1 < from {
			want = route.Alone
		}
		if parent != nil && open && (most == 0 || members < most) && (window == 0 || joined <= window) {
			want, id = route.Joins, "p"
		}
		got := g.Place(parent, loose, now)
		if got.Place != want || string(got.Parent) != id || !strings.HasPrefix(got.Reason, g.Reason) || (want == route.Joins) != (got.Reason == g.Reason) {
			t.Fatalf("keng-8.group.joins, keng-8.group.founds, keng-8.group.from: %+v, %d loose, %+v: %+v, want %v", parent, loose, g.Grouping, got, want)
		}
		places[got.Place]++
		// Where one founds, one more that is loose founds, too; and time alone never makes one join.
		if more := g.Place(parent, loose+1, now); want == route.Founds && more.Place != route.Founds {
			t.Fatalf("keng-8.group.from: with more that are loose: %+v", more)
		}
		if later := g.Place(parent, loose, now.Add(time.Hour)); later.Place == route.Joins && want != route.Joins {
			t.Fatalf("keng-8.group.window: an hour later: %+v", later)
		}
	}
	for _, place := range []route.Place{route.Alone, route.Joins, route.Founds} {
		if places[place] < 50 {
			t.Errorf("only %d of %d", places[place], place)
		}
	}
}

// A parent may be closed if and only if it is open and none of its members is: by somebody and
// by itself alike. Closed members never stand in the way.
func TestEveryEndOfAParent(t *testing.T) {
	for members := range 5 {
		for open := range members + 1 {
			for _, p := range []route.Parent{{Open: true, Members: members, OpenMembers: open}, {Members: members, OpenMembers: open}} {
				byMember, bySomebody := p.MemberClosed(), p.MayClose()
				if want := p.Open && open == 0; byMember.Close != want || bySomebody.Close != want {
					t.Errorf("keng-8.group.closed-last, keng-8.group.closed-already: %+v: %+v, %+v", p, byMember, bySomebody)
				}
				if byMember.Reason == "" || bySomebody.Reason == "" || !p.Open && byMember != bySomebody {
					t.Errorf("keng-8.group.closed-already: %+v: %+v, %+v", p, byMember, bySomebody)
				}
				if p.Open && open > 0 {
					want := map[bool]string{true: "1 member is still open", false: fmt.Sprint(open, " members are still open")}[open == 1]
					mentions(t, "keng-8.group.closed-last", bySomebody.Reason, want, "close these first")
				}
			}
		}
	}
}

// The group of an alert is that of a plain search: the first grouping that is on, matches, and
// has a key of which no part is missing. Alerts are in one group if and only if the keys that
// are filled in are the same.
func TestGroupsAsPlainlySearched(t *testing.T) {
	grouped, together, memo := 0, 0, route.NewMemo()
	for seed := range uint64(6000) {
		r := asker{newRandom(seed)}
		var list []route.Grouping
		for n := range r.IntN(4) {
			list = append(list, route.Grouping{
				ID: fmt.Sprint("g", n), Name: r.pick("", "sites"), Disabled: r.IntN(5) == 0, Filter: r.criteria(),
				Key: r.pick("{{details.a}}", "{{tags}}", "{{entity.orElse(\"any\")}}/{{alias}}", "{{details.k}}{{details.none}}", "{{details.none.orElse('')}}", "{{teams}}"), Message: r.pick("", "{{details.a}}", "at {{entity}}", "{{none"),
			})
		}
		var keys [2]string
		for n := range keys {
			s := r.subject()
			s.Payload = nil
			got, ok := route.GroupOf(list, &s, memo)
			keys[n] = got.Key
			var want route.Group
			for i := range list {
				g := &list[i]
				key, missing, _ := plainFill(g.Key, 512, &s)
				if g.Disabled || !plainAll(&g.Filter, &s) || len(missing) > 0 || key == "" {
					continue
				}
				message, _, _ := plainFill(g.Message, 130, &s)
				if message == "" {
					message = s.Message
				}
				want = route.Group{Grouping: g, Key: g.ID + "/" + key, Message: message, Reason: "grouping " + g.Name + ": " + key}
				if g.Name == "" {
					want.Reason = "grouping " + g.ID + ": " + key
				}
				break
			}
			if got != want || ok != (want.Grouping != nil) {
				t.Fatalf("keng-8.group.first, keng-8.group.missing, keng-8.group.message: seed %d: %+v, and plainly %+v", seed, got, want)
			}
			if ok {
				grouped++
			}
		}
		if keys[0] != "" && keys[0] == keys[1] {
			together++
		}
	}
	if grouped < 1000 || together < 5 {
		t.Errorf("%d alerts in groups, %d together: this proves little", grouped, together)
	}
}

// However an alert changes in what its key does not name, it stays in its group.
func TestGroupsDependOnTheirKeysAlone(t *testing.T) {
	for seed := range uint64(1500) {
		r := asker{newRandom(seed)}
		g := []route.Grouping{{ID: "g", Key: "{{details.a}}/{{entity}}"}}
		one, other := r.subject(), r.subject()
		one.Details["a"], other.Details["a"], other.Entity = "x", "x", one.Entity
		first, ok := route.GroupOf(g, &one, nil)
		second, also := route.GroupOf(g, &other, nil)
		if !ok || !also || first.Key != second.Key {
			t.Fatalf("keng-8.group.site: seed %d: %q and %q", seed, first.Key, second.Key)
		}
		other.Entity += "!"
		if third, _ := route.GroupOf(g, &other, nil); third.Key == first.Key {
			t.Fatalf("keng-8.group.cause: seed %d: another entity, and yet %q", seed, third.Key)
		}
		delete(other.Details, "a")
		if _, ok := route.GroupOf(g, &other, nil); ok {
			t.Fatalf("keng-8.group.missing: seed %d: without the detail it is in a group", seed)
		}
	}
}
