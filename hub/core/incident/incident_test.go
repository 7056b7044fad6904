package incident_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/incident"
)

const hour = time.Hour

var now = time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)

func user(id string) alert.Responder { return alert.Responder{Kind: alert.User, ID: id} }

func nameOf(r alert.Responder) string { return "called " + r.ID }

// fresh is an incident about which nothing has happened.
func fresh() *incident.Incident {
	i, _ := incident.New(incident.Draft{Message: "m", Tags: []string{"t"}, Details: map[string]string{"k": "v"}, Responders: []alert.Responder{user("an")}}, "1", 1, now)
	return i
}

func by(name string) alert.By { return alert.By{User: name, At: now.Add(time.Hour)} }

// in gives an incident in each status.
func in() map[incident.Status]*incident.Incident {
	all := map[incident.Status]*incident.Incident{incident.Open: fresh(), incident.Resolved: fresh(), incident.Closed: fresh()}
	all[incident.Resolved].Resolve(by("lan"))
	all[incident.Closed].Close(by("lan"))
	return all
}

// Rule ogapi-4.incident.object: what is said of an incident is what it is.
func TestNewIncident(t *testing.T) {
	d := incident.Draft{
		Message: "Sự cố mạng", Description: "d", Services: []core.ServiceID{"web", "mail", "web"}, Tags: []string{"b", "a", "b", ""}, Details: map[string]string{"k": "v"}, Priority: core.P1,
		Source: "console", User: "lan", Note: "khách gọi", Responders: []alert.Responder{user("an"), {Kind: alert.Team, ID: "it"}, user("an"), {Kind: alert.Team, ID: "net"}},
	}
	i, o := incident.New(d, "id-7", 7, now)
	want := incident.Incident{
		ID: "id-7", Tiny: 7, Message: "Sự cố mạng", Description: "d", Services: []core.ServiceID{"web", "mail"}, Tags: []string{"b", "a"}, Details: map[string]string{"k": "v"}, Priority: core.P1,
		Source: "console", Responders: []alert.Responder{user("an"), {Kind: alert.Team, ID: "it"}, {Kind: alert.Team, ID: "net"}}, OwnerTeam: "it", Status: incident.Open,
		CreatedAt: now, UpdatedAt: now, Sequence: 1,
	}
	if !alike(i, &want) {
		t.Errorf("it is\n%+v, want\n%+v", *i, want)
	}
	if o.Reason != incident.HasCreated || o.Then != incident.ThenCall || o.Entry.What != incident.DidCreate || o.Entry.By != "lan" || o.Entry.Note != "khách gọi" || !o.Entry.At.Equal(now) {
		t.Errorf("%+v", o)
	}
	if _, o := incident.New(incident.Draft{Source: "console"}, "1", 1, now); o.Entry.By != "console" {
		t.Errorf("created by %q", o.Entry.By)
	}
	if i.Seen() || i.Owner != "" {
		t.Error("who reports it has neither looked nor taken it")
	}
}

func TestNewIncidentWithoutMuch(t *testing.T) {
	i, _ := incident.New(incident.Draft{Message: "m"}, "1", 1, now)
	if i.Priority != core.P3 || i.OwnerTeam != "" || i.Responders != nil || i.Uncalled() != nil {
		t.Errorf("%+v", i)
	}
	i, _ = incident.New(incident.Draft{Message: "m", OwnerTeam: "it"}, "1", 1, now)
	if want := []alert.Responder{{Kind: alert.Team, ID: "it"}}; !slices.Equal(i.Responders, want) || i.OwnerTeam != "it" {
		t.Errorf("a team's own is answered for by %v", i.Responders)
	}
	i, _ = incident.New(incident.Draft{Message: "m", OwnerTeam: "it", Responders: []alert.Responder{{Kind: alert.Team, ID: "net"}}}, "1", 1, now)
	if i.OwnerTeam != "it" || len(i.Responders) != 1 {
		t.Errorf("owned by %s", i.OwnerTeam)
	}
}

// Rule ogapi-4.incident.object: an incident has links, for people and in the API.
func TestLinks(t *testing.T) {
	web, api := (&incident.Incident{ID: "0a-1"}).Links("https://keng.example.vn")
	if web != "https://keng.example.vn/incidents/0a-1" || api != "https://keng.example.vn/v1/incidents/0a-1" {
		t.Errorf("%s %s", web, api)
	}
}

// Rules ogapi-4.incident.status, keng-4.incident.closed: what may be done in which status, and
// what must follow.
func TestWhatMayBeDoneWhen(t *testing.T) {
	type may struct {
		reason incident.Reason
		then   incident.Then
	}
	const open, resolved, closed = incident.AlreadyOpen, incident.AlreadyResolved, incident.AlreadyClosed
	for name, c := range map[string]struct {
		do   func(*incident.Incident) incident.Outcome
		want [3]may // open, resolved, closed
	}{
		"resolve": {func(i *incident.Incident) incident.Outcome { return i.Resolve(by("an")) }, [3]may{{incident.HasResolved, incident.ThenEnd}, {resolved, 0}, {closed, 0}}},
		"reopen":  {func(i *incident.Incident) incident.Outcome { return i.Reopen(by("an")) }, [3]may{{open, 0}, {incident.HasReopened, incident.ThenCall}, {closed, 0}}},
		"close":   {func(i *incident.Incident) incident.Outcome { return i.Close(by("an")) }, [3]may{{incident.HasClosed, incident.ThenEnd}, {incident.HasClosed, incident.ThenEnd}, {closed, 0}}},
		"delete":  {func(i *incident.Incident) incident.Outcome { return i.Delete(by("an")) }, [3]may{{incident.HasDeleted, 0}, {incident.HasDeleted, 0}, {incident.HasDeleted, 0}}},
		"note":    {func(i *incident.Incident) incident.Outcome { return i.AddNote(alert.By{Note: "n"}) }, [3]may{{incident.HasNote, 0}, {incident.HasNote, 0}, {closed, 0}}},
		"tags":    {func(i *incident.Incident) incident.Outcome { return i.AddTags(by("an"), []string{"x"}) }, [3]may{{incident.HasTags, 0}, {incident.HasTags, 0}, {closed, 0}}},
		"untag":   {func(i *incident.Incident) incident.Outcome { return i.RemoveTags(by("an"), []string{"t"}) }, [3]may{{incident.HasLessTags, 0}, {incident.HasLessTags, 0}, {closed, 0}}},
		"details": {func(i *incident.Incident) incident.Outcome {
			return i.AddDetails(by("an"), map[string]string{"x": "y"})
		}, [3]may{{incident.HasDetails, 0}, {incident.HasDetails, 0}, {closed, 0}}},
		"undetail": {func(i *incident.Incident) incident.Outcome { return i.RemoveDetails(by("an"), []string{"k"}) }, [3]may{{incident.HasLessDetails, 0}, {incident.HasLessDetails, 0}, {closed, 0}}},
		"message":  {func(i *incident.Incident) incident.Outcome { return i.SetMessage(by("an"), "x") }, [3]may{{incident.HasMessage, 0}, {incident.HasMessage, 0}, {closed, 0}}},
		"describe": {func(i *incident.Incident) incident.Outcome { return i.SetDescription(by("an"), "x") }, [3]may{{incident.HasDescription, 0}, {incident.HasDescription, 0}, {closed, 0}}},
		"graver":   {func(i *incident.Incident) incident.Outcome { return i.SetPriority(by("an"), core.P1) }, [3]may{{incident.HasPriority, incident.ThenRaise}, {incident.HasPriority, 0}, {closed, 0}}},
		"lighter":  {func(i *incident.Incident) incident.Outcome { return i.SetPriority(by("an"), core.P5) }, [3]may{{incident.HasPriority, 0}, {incident.HasPriority, 0}, {closed, 0}}},
		"involve": {func(i *incident.Incident) incident.Outcome {
			return i.AddResponders(by("an"), []alert.Responder{user("x")}, nameOf)
		}, [3]may{{incident.HasResponders, incident.ThenCall}, {resolved, 0}, {closed, 0}}},
	} {
		for status, i := range in() {
			before, want := *i, c.want[status-1]
			o := c.do(i)
			if o.Reason != want.reason || o.Then != want.then {
				t.Errorf("%s when %s: %+v, want %+v", name, status, o, want)
			}
			if refused := want.reason == open || want.reason == resolved || want.reason == closed; refused == o.OK() || refused && !alike(i, &before) {
				t.Errorf("%s when %s: %+v, and it is %+v", name, status, o, i)
			}
		}
	}
}

func TestStatuses(t *testing.T) {
	for status, want := range map[incident.Status]string{incident.Open: "open", incident.Resolved: "resolved", incident.Closed: "closed", 0: "open"} {
		if got := status.String(); got != want {
			t.Errorf("%d is %q, want %q", status, got, want)
		}
	}
}

// What is named wrongly, or is so already.
func TestWhatChangesNothing(t *testing.T) {
	many := make([]alert.Responder, 50)
	for n := range many {
		many[n] = user(fmt.Sprint("u", n))
	}
	for name, c := range map[string]struct {
		do   func(*incident.Incident) incident.Outcome
		want incident.Reason
	}{
		"no note":          {func(i *incident.Incident) incident.Outcome { return i.AddNote(by("an")) }, incident.NothingNamed},
		"no tag":           {func(i *incident.Incident) incident.Outcome { return i.AddTags(by("an"), []string{""}) }, incident.NothingNamed},
		"the same tag":     {func(i *incident.Incident) incident.Outcome { return i.AddTags(by("an"), []string{"t"}) }, incident.HasTags},
		"no tag to remove": {func(i *incident.Incident) incident.Outcome { return i.RemoveTags(by("an"), nil) }, incident.NothingNamed},
		"another tag":      {func(i *incident.Incident) incident.Outcome { return i.RemoveTags(by("an"), []string{"x"}) }, incident.HasLessTags},
		"no details":       {func(i *incident.Incident) incident.Outcome { return i.AddDetails(by("an"), nil) }, incident.NothingNamed},
		"the same details": {func(i *incident.Incident) incident.Outcome {
			return i.AddDetails(by("an"), map[string]string{"k": "v"})
		}, incident.HasDetails},
		"no keys":          {func(i *incident.Incident) incident.Outcome { return i.RemoveDetails(by("an"), nil) }, incident.NothingNamed},
		"another key":      {func(i *incident.Incident) incident.Outcome { return i.RemoveDetails(by("an"), []string{"x"}) }, incident.HasLessDetails},
		"no message":       {func(i *incident.Incident) incident.Outcome { return i.SetMessage(by("an"), "") }, incident.NoMessage},
		"the same message": {func(i *incident.Incident) incident.Outcome { return i.SetMessage(by("an"), "m") }, incident.HasMessage},
		"no description":   {func(i *incident.Incident) incident.Outcome { return i.SetDescription(by("an"), "") }, incident.HasDescription},
		"no priority":      {func(i *incident.Incident) incident.Outcome { return i.SetPriority(by("an"), 6) }, incident.NoSuchPriority},
		"the same grade":   {func(i *incident.Incident) incident.Outcome { return i.SetPriority(by("an"), core.P3) }, incident.HasPriority},
		"nobody":           {func(i *incident.Incident) incident.Outcome { return i.AddResponders(by("an"), nil, nameOf) }, incident.NothingNamed},
		"somebody nameless": {func(i *incident.Incident) incident.Outcome {
			return i.AddResponders(by("an"), []alert.Responder{user("x"), user("")}, nameOf)
		}, incident.NothingNamed},
		"the same one": {func(i *incident.Incident) incident.Outcome {
			return i.AddResponders(by("an"), []alert.Responder{user("an")}, nameOf)
		}, incident.HasResponders},
		// Rule keng-4.incident.room.
		"one too many":    {func(i *incident.Incident) incident.Outcome { return i.AddResponders(by("an"), many, nameOf) }, incident.TooManyResponders},
		"a machine looks": {func(i *incident.Incident) incident.Outcome { return i.See(alert.By{Source: "api", At: now}) }, incident.HasBeenSeen},
		"another's alert": {func(i *incident.Incident) incident.Outcome {
			return i.Hear(by("an"), incident.DidAnswer, 0, "x", "#1", "an")
		}, incident.NoSuchAlert},
	} {
		i := fresh()
		if o := c.do(i); o.Moved() || o.Reason != c.want || !alike(i, fresh()) {
			t.Errorf("%s: %+v\n%+v", name, o, i)
		}
	}
	i := fresh()
	if o := i.AddResponders(by("an"), many[:49], nameOf); !o.Moved() || len(i.Responders) != 50 || len(i.Uncalled()) != 50 {
		t.Errorf("there is no room for 50: %+v", o)
	}
}

// Limits are those of alerts, in characters. Rule keng-4.incident.limits.
func TestWhatIsCut(t *testing.T) {
	i := fresh()
	i.SetMessage(by("an"), strings.Repeat("ẻ", 131))
	i.SetDescription(by("an"), strings.Repeat("ẻ", 15_001))
	note := i.AddNote(alert.By{Note: strings.Repeat("ẻ", 25_001)}).Entry.Note
	if i.Message != strings.Repeat("ẻ", 129)+"…" || i.Description != strings.Repeat("ẻ", 14_999)+"…" || note != strings.Repeat("ẻ", 24_999)+"…" {
		t.Errorf("cut to %d, %d and %d bytes", len(i.Message), len(i.Description), len(note))
	}
	tags := make([]string, 30)
	for n := range tags {
		tags[n] = fmt.Sprint("tag", n)
	}
	if o := i.AddTags(by("an"), tags); !o.Moved() || len(o.Entry.Of) != 19 || len(i.Tags) != 20 {
		t.Errorf("%d tags of %d are added", len(o.Entry.Of), len(i.Tags))
	}
	if o := i.AddTags(by("an"), tags); o.Reason != incident.TooManyTags || o.OK() {
		t.Errorf("%+v", o)
	}
	if o := i.AddDetails(by("an"), map[string]string{"x": strings.Repeat("ẻ", 7998)}); o.Reason != incident.TooManyDetails || len(i.Details) != 1 {
		t.Errorf("%+v", o)
	}
	if o := i.AddDetails(by("an"), map[string]string{"x": strings.Repeat("ẻ", 7997)}); !o.Moved() || !slices.Equal(o.Entry.Of, []string{"x"}) {
		t.Errorf("%+v", o.Reason)
	}
}

// Who is called, and who answers. Rule keng-4.incident.owner.
func TestCallsAndAnswers(t *testing.T) {
	i := fresh()
	i.AddResponders(by("lan"), []alert.Responder{{Kind: alert.Team, ID: "it"}, user("an"), {Kind: alert.Team, ID: "it"}}, nameOf)
	if want := []alert.Responder{user("an"), {Kind: alert.Team, ID: "it"}}; !slices.Equal(i.Uncalled(), want) || i.OwnerTeam != "it" {
		t.Fatalf("to be called: %v, owned by %q", i.Uncalled(), i.OwnerTeam)
	}
	call := incident.Call{Responder: user("an"), Alert: "a1"}
	if o := i.Call(alert.By{At: now}, call, "#1", "An"); o.Entry.Text() != "Alert #1 opened for An" || o.Entry.By != alert.System {
		t.Errorf("%+v", o)
	}
	if want := []alert.Responder{{Kind: alert.Team, ID: "it"}}; !slices.Equal(i.Uncalled(), want) {
		t.Errorf("to be called: %v", i.Uncalled())
	}
	if c, ok := i.CallBy("a1"); !ok || c != call {
		t.Errorf("%+v", c)
	}
	if c, ok := i.CallBy("a2"); ok || c != (incident.Call{}) {
		t.Errorf("%+v", c)
	}
	i.Hear(by("binh"), incident.DidEnd, alert.LongQuiet, "a1", "#1", "An")
	if i.Owner != "" {
		t.Errorf("%s owns it by closing an alert", i.Owner)
	}
	for _, who := range []string{"an", "binh"} {
		if o := i.Hear(by(who), incident.DidAnswer, alert.AsAsked, "a1", "#1", "An"); !o.Moved() || i.Owner != "an" || o.Entry.Text() != "Alert #1 for An acknowledged" {
			t.Errorf("%+v, owned by %q", o, i.Owner)
		}
	}
	i.Resolve(by("an"))
	if o := i.Hear(by("an"), incident.DidAnswer, alert.AsAsked, "a1", "#1", "An"); o.OK() {
		t.Error("an answer to what is over")
	}
	i.Reopen(by("an"))
	if len(i.Uncalled()) != 2 || len(i.Calls) != 0 || i.Owner != "an" || !i.ResolvedAt.IsZero() || i.ResolvedBy != "" {
		t.Errorf("opened again: %+v", i)
	}
	if o := i.CallNobody(alert.By{At: now}); o.Entry.What != incident.DidCallNobody || !o.Moved() {
		t.Errorf("%+v", o)
	}
}

// The first person who looks is remembered, and looking is no update.
func TestSee(t *testing.T) {
	i := fresh()
	if o := i.See(by("an")); !o.Moved() || i.SeenBy != "an" || !i.SeenAt.Equal(now.Add(time.Hour)) || !i.UpdatedAt.Equal(now) || i.Sequence != 2 {
		t.Errorf("%+v: %+v", o, i)
	}
	if i.See(by("binh")); i.SeenBy != "an" {
		t.Errorf("seen by %s", i.SeenBy)
	}
	for name, do := range map[string]func(*incident.Incident){
		"resolve": func(i *incident.Incident) { i.Resolve(by("an")) }, "close": func(i *incident.Incident) { i.Close(by("an")) },
		"reopen": func(i *incident.Incident) { i.Resolve(alert.By{Source: "api"}); i.Reopen(by("an")) },
	} {
		i := fresh()
		if do(i); i.SeenBy != "an" {
			t.Errorf("%s: seen by %q", name, i.SeenBy)
		}
	}
}

func TestNewer(t *testing.T) {
	a, b := fresh(), fresh()
	if a.Newer(b) {
		t.Error("an incident is newer than itself")
	}
	if a.See(by("an")); !a.Newer(b) || b.Newer(a) {
		t.Errorf("state %d and state %d", a.Sequence, b.Sequence)
	}
}
