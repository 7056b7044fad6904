package route_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// To which group an alert belongs.
func TestGroupOf(t *testing.T) {
	bySite := route.Grouping{ID: "g1", Name: "sites", Key: "{{details.site}}", Message: "Site {{details.site}} is in trouble"}
	byCause := route.Grouping{ID: "g2", Key: "{{details.cause}}/{{entity.orElse(\"any\")}}"}
	byTag := route.Grouping{ID: "g3", Name: "tags", Key: "{{tags}}"}
	disks := route.Grouping{ID: "g4", Name: "disks", Key: "{{source}}", Filter: asks("message", "starts-with", "disk")}
	off := route.Grouping{ID: "g0", Key: "{{message}}", Disabled: true}
	for _, c := range []struct {
		rule      string
		groupings []route.Grouping
		key       string
		message   string
		reason    string
	}{
		{"keng-8.group.site", []route.Grouping{bySite}, "g1/branch-3", "Site branch-3 is in trouble", "grouping sites: branch-3"},
		{"keng-8.group.first", []route.Grouping{bySite, byTag}, "g1/branch-3", "Site branch-3 is in trouble", "grouping sites"},
		{"keng-8.group.first", []route.Grouping{byTag, bySite}, "g3/disk, db", "disk full on db-1", "grouping tags: disk, db"},
		{"keng-8.group.missing", []route.Grouping{byCause}, "", "", ""},
		{"keng-8.group.missing", []route.Grouping{byCause, bySite}, "g1/branch-3", "Site branch-3 is in trouble", ""},
		{"keng-8.group.filter", []route.Grouping{disks}, "g4/agent", "disk full on db-1", "grouping disks: agent"},
		{"keng-8.group.filter", []route.Grouping{{ID: "g5", Key: "{{source}}", Filter: asks("message", "starts-with", "net")}}, "", "", ""},
		{"keng-8.group.disabled", []route.Grouping{off}, "", "", ""},
		{"keng-8.group.disabled", []route.Grouping{off, bySite}, "g1/branch-3", "Site branch-3 is in trouble", ""},
		{"keng-8.group.empty", []route.Grouping{{ID: "g6", Key: "{{entity}}"}}, "", "", ""},
		{"keng-8.group.none", nil, "", "", ""},
		{"keng-8.group.message", []route.Grouping{{ID: "g7", Name: "x", Key: "{{source}}", Message: "{{details.nothing}}"}}, "g7/agent", "disk full on db-1", ""},
	} {
		a := disk()
		s := route.Of(&a, names)
		for _, memo := range []*route.Memo{nil, route.NewMemo()} {
			got, ok := route.GroupOf(c.groupings, &s, memo)
			if got.Key != c.key || ok != (c.key != "") || got.Message != c.message {
				t.Errorf("%s: %q, %q; want %q, %q", c.rule, got.Key, got.Message, c.key, c.message)
			}
			mentions(t, c.rule, got.Reason, c.reason)
		}
	}
	cause := disk()
	cause.Details = map[string]string{"cause": "uplink"}
	s := route.Of(&cause, nil)
	if got, _ := route.GroupOf([]route.Grouping{byCause}, &s, nil); got.Key != "g2/uplink/any" {
		t.Errorf("keng-8.group.cause: %q", got.Key)
	}
	long := disk()
	long.Message = strings.Repeat("ẻ", 400)
	s = route.Of(&long, nil)
	got, _ := route.GroupOf([]route.Grouping{{ID: "g", Key: "{{message}}{{message}}", Message: "{{message}}"}}, &s, nil)
	if got.Key != "g/"+strings.Repeat("ẻ", 512) || got.Message != strings.Repeat("ẻ", alert.MessageMax) {
		t.Errorf("keng-8.group.cut: %d and %d bytes", len(got.Key), len(got.Message))
	}
}

// Where a new alert goes in its group.
func TestPlaceInGroup(t *testing.T) {
	parent := func(open bool, members int, joined time.Duration) *route.Parent {
		return &route.Parent{ID: "p", Open: open, Members: members, OpenMembers: members, LastJoined: now.Add(-joined)}
	}
	for _, c := range []struct {
		rule   string
		g      route.Grouping
		parent *route.Parent
		loose  int
		want   route.Place
		reason string
	}{
		{"keng-8.group.founds", route.Grouping{}, nil, 0, route.Founds, "there is no parent"},
		{"keng-8.group.founds", route.Grouping{From: 1}, nil, 0, route.Founds, "there is no parent"},
		{"keng-8.group.joins", route.Grouping{}, parent(true, 1, time.Hour), 0, route.Joins, "grouping x: k"},
		{"keng-8.group.joins", route.Grouping{From: 3}, parent(true, 3, time.Hour), 0, route.Joins, "grouping x: k"},
		{"keng-8.group.parent-closed", route.Grouping{}, parent(false, 1, 0), 0, route.Founds, "the last parent is closed"},
		{"keng-8.group.from", route.Grouping{From: 3}, nil, 0, route.Alone, "there is no parent, and it takes 3 alerts to make one"},
		{"keng-8.group.from", route.Grouping{From: 3}, nil, 1, route.Alone, "it takes 3 alerts"},
		{"keng-8.group.from", route.Grouping{From: 3}, nil, 2, route.Founds, "there is no parent"},
		{"keng-8.group.from", route.Grouping{From: 3}, nil, 9, route.Founds, "there is no parent"},
		{"keng-8.group.from", route.Grouping{From: 2}, parent(false, 9, 0), 0, route.Alone, "the last parent is closed, and it takes 2 alerts"},
		{"keng-8.group.most", route.Grouping{Most: 5}, parent(true, 4, 0), 0, route.Joins, ""},
		{"keng-8.group.most", route.Grouping{Most: 5}, parent(true, 5, 0), 0, route.Founds, "full with 5 members"},
		{"keng-8.group.most", route.Grouping{}, parent(true, 9_999, 0), 0, route.Joins, ""},
		{"keng-8.group.most", route.Grouping{}, parent(true, 10_000, 0), 0, route.Founds, "full with 10000 members"},
		{"keng-8.group.most", route.Grouping{Most: 1}, parent(true, 1, 0), 0, route.Founds, "full with 1 member"},
		{"keng-8.group.window", route.Grouping{Window: time.Hour}, parent(true, 1, time.Hour), 0, route.Joins, ""},
		{"keng-8.group.window", route.Grouping{Window: time.Hour}, parent(true, 1, time.Hour+1), 0, route.Founds, "nothing has joined the last parent for 1 hour"},
		{"keng-8.group.window", route.Grouping{}, parent(true, 1, 1000*time.Hour), 0, route.Joins, ""},
		{"keng-8.group.crowded", route.Grouping{}, &route.Parent{ID: "p", Open: true, Members: 1, Crowded: true}, 0, route.Founds, "has no room beside those who answer for the last parent"},
		{"keng-8.group.crowded", route.Grouping{From: 2}, &route.Parent{ID: "p", Open: true, Members: 1, Crowded: true}, 0, route.Alone, "it takes 2 alerts"},
		{"keng-8.group.parent-closed", route.Grouping{}, &route.Parent{ID: "p", Members: 1, Crowded: true}, 0, route.Founds, "the last parent is closed"},
	} {
		c.g.ID, c.g.Name, c.g.Key = "g", "x", "k{{source}}"
		a := alert.Alert{}
		s := route.Of(&a, nil)
		group, ok := route.GroupOf([]route.Grouping{c.g}, &s, nil)
		if !ok {
			t.Fatalf("%s: belongs to no group", c.rule)
		}
		got := group.Place(c.parent, c.loose, now)
		if got.Place != c.want || (got.Parent == "p") != (c.want == route.Joins) {
			t.Errorf("%s: %+v, want %v", c.rule, got, c.want)
		}
		mentions(t, c.rule, got.Reason, c.reason, "grouping x: k")
	}
}

// A parent is closed last.
func TestParentsAreClosedLast(t *testing.T) {
	for _, c := range []struct {
		rule       string
		parent     route.Parent
		member     bool
		memberWhy  string
		somebody   bool
		somebodyWy string
	}{
		{"keng-8.group.closed-last", route.Parent{Open: true, Members: 3, OpenMembers: 2}, false, "2 members are still open: close these first", false, "2 members are still open"},
		{"keng-8.group.closed-last", route.Parent{Open: true, Members: 3, OpenMembers: 1}, false, "1 member is still open", false, "1 member is still open"},
		{"keng-8.group.closed-last", route.Parent{Open: true, Members: 3}, true, "its last member was closed", true, "none of its members is open"},
		{"keng-8.group.closed-already", route.Parent{Members: 3}, false, "closed already", false, "closed already"},
		{"keng-8.group.closed-already", route.Parent{Members: 3, OpenMembers: 1}, false, "closed already", false, "closed already"},
	} {
		byMember, bySomebody := c.parent.MemberClosed(), c.parent.MayClose()
		if byMember.Close != c.member || bySomebody.Close != c.somebody {
			t.Errorf("%s: %+v: %+v, %+v", c.rule, c.parent, byMember, bySomebody)
		}
		mentions(t, c.rule, byMember.Reason, c.memberWhy)
		mentions(t, c.rule, bySomebody.Reason, c.somebodyWy)
	}
}

// What is wrong with a grouping.
func TestGroupingCheck(t *testing.T) {
	for what, c := range map[string]struct {
		change func(*route.Grouping)
		wrong  map[string]string
	}{
		"a good one":        {func(*route.Grouping) {}, nil},
		"no name":           {func(g *route.Grouping) { g.Name = "" }, map[string]string{"name": "is missing"}},
		"a bad filter":      {func(g *route.Grouping) { g.Filter = asks("x", "is", "") }, map[string]string{"filter.conditions[0].field": "x"}},
		"no key":            {func(g *route.Grouping) { g.Key = "" }, map[string]string{"key": "names no field"}},
		"one key for all":   {func(g *route.Grouping) { g.Key = "all" }, map[string]string{"key": "all alerts would be one group"}},
		"a malformed key":   {func(g *route.Grouping) { g.Key = "{{" }, map[string]string{"key": "character 1"}},
		"an unknown key":    {func(g *route.Grouping) { g.Key = "{{site}}" }, map[string]string{"key": "write details.site"}},
		"a bad message":     {func(g *route.Grouping) { g.Message = "{{" }, map[string]string{"message": "character 1"}},
		"the most":          {func(g *route.Grouping) { g.From, g.Window, g.Most = 100, 365*24*time.Hour, 10_000 }, nil},
		"the least":         {func(g *route.Grouping) { g.From, g.Window, g.Most = 0, time.Second, 0 }, nil},
		"too many to begin": {func(g *route.Grouping) { g.From = 101 }, map[string]string{"from": "1 to 100"}},
		"less than none":    {func(g *route.Grouping) { g.From, g.Most = -1, -1 }, map[string]string{"from": "1 to 100", "most": "1 to 10000"}},
		"too short":         {func(g *route.Grouping) { g.Window = 1 }, map[string]string{"window": "from 1 second"}},
		"too many members":  {func(g *route.Grouping) { g.Most = 10_001 }, map[string]string{"most": "1 to 10000"}},
	} {
		g := route.Grouping{Name: "sites", Key: "{{details.site}}"}
		c.change(&g)
		refuses(t, "keng-8.group.check: "+what, g.Check(), c.wrong)
	}
}

// A storm of alerts, and their end: at every moment each open alert of a key that is grouped
// has one place, a parent is open as long as a member is, and closed with the last.
func TestGroupsInAStorm(t *testing.T) {
	type parent struct {
		route.Parent
		members map[int]bool
	}
	random := newRandom(3)
	for round := range 200 {
		g := route.Grouping{ID: "g", Name: "x", Key: "{{details.site}}", From: random.IntN(4), Most: random.IntN(6), Window: time.Duration(random.IntN(2)*10) * time.Minute}
		parents, latest, loose, of := map[core.AlertID]*parent{}, map[string]*parent{}, map[string][]int{}, map[int]*parent{}
		var open []int
		moment := now
		for n := range 100 {
			moment = moment.Add(time.Duration(random.IntN(300)) * time.Second)
			if random.IntN(3) > 0 || len(open) == 0 {
				s := route.Subject{Message: "m", Details: map[string]string{"site": fmt.Sprint(random.IntN(3))}}
				group, _ := route.GroupOf([]route.Grouping{g}, &s, nil)
				var p *parent
				var known *route.Parent
				if p = latest[group.Key]; p != nil {
					known = &p.Parent
				}
				switch placed := group.Place(known, len(loose[group.Key]), moment); placed.Place {
				case route.Alone:
					if len(loose[group.Key])+1 >= g.From {
						t.Fatalf("keng-8.group.from: alone, with %d others, though %d are enough", len(loose[group.Key]), g.From)
					}
					loose[group.Key] = append(loose[group.Key], n)
					open = append(open, n)
					continue
				case route.Founds:
					p = &parent{route.Parent{ID: core.AlertID(fmt.Sprint(n)), Open: true}, map[int]bool{}}
					parents[p.ID], latest[group.Key] = p, p
					for _, other := range loose[group.Key] {
						p.members[other], of[other] = true, p
						p.Members++
						p.OpenMembers++
					}
					loose[group.Key] = nil
				case route.Joins:
					if p = parents[placed.Parent]; !p.Open || g.Most > 0 && p.Members >= g.Most {
						t.Fatalf("keng-8.group.joins: joins %+v", p)
					}
				}
				p.members[n], of[n] = true, p
				p.Members++
				p.OpenMembers++
				p.LastJoined = moment
				open = append(open, n)
				continue
			}
			i := random.IntN(len(open))
			closed := open[i]
			open = append(open[:i], open[i+1:]...)
			p := of[closed]
			if p == nil {
				for key, list := range loose {
					for j, x := range list {
						if x == closed {
							loose[key] = append(list[:j:j], list[j+1:]...)
						}
					}
				}
				continue
			}
			p.OpenMembers--
			if c := p.MemberClosed(); c.Close != (p.OpenMembers == 0) {
				t.Fatalf("keng-8.group.closed-last: round %d: %+v: %+v", round, p.Parent, c)
			} else if c.Close {
				p.Open = false
			}
			for _, x := range parents {
				if x.Open != (x.OpenMembers > 0) {
					t.Fatalf("keng-8.group.closed-last: %+v", x.Parent)
				}
			}
		}
	}
}
