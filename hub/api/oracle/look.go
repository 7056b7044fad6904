package oracle

import (
	"cmp"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// create makes an alert, or one more occurrence of the open one with its alias.
func (p *player) create() error {
	s := p.step
	a := &alert{
		message: p.text(), alias: pick(s.By, "", "wifi", "ngõ 5/nhà 3", "100%", "wifi"), description: pick(s.B, "", "long"), entity: pick(s.C, "", "router 7"),
		source: pick(s.C/2, "", "tool"), priority: pick(s.A, "", "P1", "P2", "P3", "P5"), tags: [][]string{nil, {"wifi"}, {"x", "core"}}[s.B%3],
		actions: [][]string{nil, {"restart", "ping it"}}[s.C%2], details: map[string]string{}, count: 1,
	}
	body := map[string]any{"message": a.message}
	for key, text := range map[string]string{"alias": a.alias, "description": a.description, "entity": a.entity, "source": a.source, "priority": a.priority, "note": pick(s.Alert, "", "", "first")} {
		if text != "" {
			body[key] = text
		}
	}
	if a.tags != nil {
		body["tags"] = a.tags
	}
	if a.actions != nil {
		body["actions"] = a.actions
	}
	if s.Alert%3 == 0 {
		a.details = map[string]string{"site": "branch-3"}
		body["details"] = a.details
	}
	switch s.Alert % 4 { // who is not known does not keep an alert out
	case 1:
		body["responders"] = []map[string]any{{"type": "team", "name": p.hub.Team.Name}, {"type": "user", "username": "ghost@example.vn"}}
		a.responders, a.ownerTeam = []party{{"team", p.hub.Team.ID}}, p.hub.Team.ID
	case 2:
		body["responders"] = []map[string]any{{"type": "user", "username": p.hub.User.Name}, {"type": "escalation", "id": p.hub.Escalation.ID}}
		a.responders = []party{{"user", p.hub.User.ID}, {"escalation", p.hub.Escalation.ID}}
	}
	a.source, a.priority = cmp.Or(a.source, p.hub.Source), cmp.Or(a.priority, "P3")
	if note, ok := body["note"].(string); ok {
		a.notes = []string{note}
	}
	open := p.model.find(reference{"alias", a.alias})
	status, err := p.send("POST", "/v2/alerts", body)
	if err != nil {
		return err
	}
	if open != nil { // what it says of itself stays
		open.count++
		return p.checkStatus(status, "Create", outcome{ok: true}, open)
	}
	a.id, _ = status.data("alertId").(string)
	a.alias = cmp.Or(a.alias, a.id)
	a.tiny, _ = p.hub.Read("GET", "/v2/alerts/"+a.id, "").data("tinyId").(string)
	for _, other := range p.model.alerts {
		if other.id == a.id || other.tiny == a.tiny {
			return fmt.Errorf("the new alert has the id %q and the number %q of another one", a.id, a.tiny)
		}
	}
	p.model.alerts = append(p.model.alerts, a)
	return p.checkStatus(status, "Create", outcome{ok: true, already: "Created alert"}, a)
}

// look compares one alert, and one list.
func (p *player) look() error {
	if n := len(p.model.alerts); n > 0 {
		if err := p.lookAt(p.model.alerts[n-1-p.step.Alert%min(n, 6)]); err != nil {
			return err
		}
	}
	return p.search()
}

// lookAtAll compares every alert.
func (p *player) lookAtAll() error {
	for _, a := range p.model.alerts {
		if err := p.lookAt(a); err != nil {
			return fmt.Errorf("%w\nafter\n%s", err, strings.Join(p.calls, "\n"))
		}
	}
	return nil
}

// lookAt compares an alert and its notes.
func (p *player) lookAt(a *alert) error {
	told := p.hub.Read("GET", "/v2/alerts/"+a.id+"?identifierType=id", "")
	if a.deleted {
		if told.Status != 404 {
			return fmt.Errorf("the deleted alert %s: HTTP %d", a.id, told.Status)
		}
		return nil
	}
	if told.Status != 200 {
		return fmt.Errorf("alert %s: HTTP %d %v", a.id, told.Status, told.Body)
	}
	detail, _ := told.Body["data"].(map[string]any)
	for field, want := range a.fields() {
		if got := plain(detail[field]); !reflect.DeepEqual(got, want) {
			return fmt.Errorf("%s of alert %s (%s) is %#v, by the model %#v", field, a.id, a.alias, got, want)
		}
	}
	byAlias := p.hub.Read("GET", "/v2/alerts/"+url.PathEscape(a.alias)+"?identifierType=alias", "")
	if open := p.model.find(reference{"alias", a.alias}); open == nil && byAlias.Status != 404 || open != nil && byAlias.data("id") != open.id {
		return fmt.Errorf("the alias %q: HTTP %d %v", a.alias, byAlias.Status, byAlias.Body)
	}
	return p.lookAtNotes(a)
}

// fields returns the fields of an alert as they must be told, lists as texts.
func (a *alert) fields() map[string]any {
	status, until := "open", any(nil)
	if a.closed {
		status = "closed"
	}
	if !a.snoozedUntil.IsZero() {
		until = a.snoozedUntil.Format("2006-01-02T15:04:05.000Z")
	}
	var responders []any
	for _, r := range a.responders {
		responders = append(responders, map[string]any{"type": r.Type, "id": r.ID})
	}
	details := map[string]any{}
	for key, text := range a.details {
		details[key] = text
	}
	f := map[string]any{
		"id": a.id, "tinyId": a.tiny, "alias": a.alias, "message": a.message, "description": a.description, "entity": a.entity, "source": a.source, "priority": a.priority,
		"status": status, "acknowledged": a.acknowledged, "isSeen": a.seen, "seen": a.seen, "snoozed": !a.snoozedUntil.IsZero(), "snoozedUntil": until, "owner": a.owner,
		"ownerTeamId": a.ownerTeam, "count": float64(a.count), "tags": plain(a.tags), "actions": plain(a.actions), "details": plain(details), "responders": plain(responders),
	}
	return f
}

// plain makes lists and objects comparable: lists of texts or objects as one text.
func plain(v any) any {
	switch v.(type) {
	case []any, []string, map[string]any:
		return fmt.Sprint(v)
	}
	return v
}

// lookAtNotes compares an alert's notes, page by page in either order.
func (p *player) lookAtNotes(a *alert) error {
	order := pick(p.step.A, "desc", "asc")
	target := "/v2/alerts/" + a.id + "/notes?limit=" + strconv.Itoa(1+p.step.B%4) + "&order=" + order
	items, err := p.pages(target, len(a.notes))
	if err != nil {
		return err
	}
	var got []string
	for _, item := range items {
		note, _ := item["note"].(string)
		got = append(got, note)
	}
	want := slices.Clone(a.notes)
	if order == "desc" {
		slices.Reverse(want)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("notes of %s: %q, by the model %q", a.id, got, want)
	}
	return nil
}

// pages follows the links from page to page, of at most so many items.
func (p *player) pages(target string, most int) (items []map[string]any, err error) {
	for {
		page := p.hub.Read("GET", target, "")
		links, _ := page.Body["paging"].(map[string]any)
		if first, _ := links["first"].(string); page.Status != 200 || first == "" {
			return nil, fmt.Errorf("%s: HTTP %d %v", target, page.Status, page.Body)
		}
		items = append(items, page.list()...)
		next, _ := links["next"].(string)
		if next == "" {
			return items, nil
		}
		if len(page.list()) == 0 || len(items) > most {
			return nil, fmt.Errorf("%s: there is a next page after %d items, and there are but %d", target, len(items), most)
		}
		u, err := url.Parse(next)
		if err != nil || !u.IsAbs() {
			return nil, fmt.Errorf("the link %q is not absolute", next)
		}
		target = u.RequestURI()
	}
}

// queries are searches and what they find.
var queries = []struct {
	text  string
	finds func(*alert) bool
}{
	{"", func(*alert) bool { return true }},
	{"status: open", func(a *alert) bool { return !a.closed }},
	{"status:closed", func(a *alert) bool { return a.closed }},
	{"status:open AND acknowledged:false", func(a *alert) bool { return !a.closed && !a.acknowledged }},
	{"acknowledged: true OR snoozed: true", func(a *alert) bool { return a.acknowledged || !a.snoozedUntil.IsZero() }},
	{"tag: x", func(a *alert) bool { return slices.Contains(a.tags, "x") }},
	{"NOT tag: wifi", func(a *alert) bool { return !slices.Contains(a.tags, "wifi") }},
	{"(tag: wifi OR tag: core) AND NOT priority: P1", func(a *alert) bool {
		return (slices.Contains(a.tags, "wifi") || slices.Contains(a.tags, "core")) && a.priority != "P1"
	}},
	{"priority: P1", func(a *alert) bool { return a.priority == "P1" }},
	{"alias: wifi", func(a *alert) bool { return a.alias == "wifi" && !a.closed }},
	{`alias: "ngõ 5/nhà 3"`, func(a *alert) bool { return a.alias == "ngõ 5/nhà 3" && !a.closed }},
	{"count > 1", func(a *alert) bool { return a.count > 1 }},
	{"count <= 2", func(a *alert) bool { return a.count <= 2 }},
	{"isSeen: true", func(a *alert) bool { return a.seen }},
	{"details.key: site", func(a *alert) bool { return a.details["site"] != "" }},
	{"details.value: branch-4", func(a *alert) bool { return a.details["site"] == "branch-4" }},
	{"actions: restart", func(a *alert) bool { return slices.Contains(a.actions, "restart") }},
	{`entity: "router 7"`, func(a *alert) bool { return a.entity == "router 7" }},
	{"createdAt > 915148800000", func(*alert) bool { return true }},
	{"createdAt < 915148800000", func(*alert) bool { return false }},
	{`owner: unknown`, func(a *alert) bool { return a.owner == "unknown" }},
}

// search compares what a search finds, its number and its pages; at times by one that was saved.
func (p *player) search() error {
	q := queries[p.step.C%len(queries)]
	var want []string
	for _, a := range p.model.alerts {
		if !a.deleted && q.finds(a) {
			want = append(want, a.id)
		}
	}
	query := url.Values{"query": {q.text}}
	if p.step.A%5 == 0 && q.text != "" {
		name, err := p.save(q.text)
		if err != nil {
			return err
		}
		query = url.Values{"searchIdentifier": {name}, "searchIdentifierType": {"name"}}
	}
	count := p.hub.Read("GET", "/v2/alerts/count?"+query.Encode(), "")
	if count.data("count") != float64(len(want)) {
		return fmt.Errorf("count of %v: HTTP %d %v, by the model %d", query, count.Status, count.Body, len(want))
	}
	query.Set("order", pick(p.step.B, "desc", "asc"))
	sort := pick(p.step.By, "", "createdAt", "tinyId", "priority", "message", "count", "alias")
	if sort != "" {
		query.Set("sort", sort)
	}
	query.Set("limit", strconv.Itoa(1+p.step.Alert%7))
	items, err := p.pages("/v2/alerts?"+query.Encode(), len(want))
	if err != nil {
		return err
	}
	var got []string
	for _, item := range items {
		id, _ := item["id"].(string)
		got = append(got, id)
	}
	if query.Get("order") == "desc" {
		slices.Reverse(got)
	}
	if sort == "" || sort == "createdAt" || sort == "tinyId" {
		if !slices.Equal(got, want) {
			return fmt.Errorf("%v finds %v, by the model %v", query, got, want)
		}
		return nil
	}
	if err := p.sorted(sort, got); err != nil {
		return fmt.Errorf("%v: %w", query, err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("%v finds %v, by the model %v", query, got, want)
	}
	return nil
}

// sorted checks that alerts are in the rising order of a key. Texts are only held against order where it does not
// depend on how letters are compared.
func (p *player) sorted(key string, ids []string) error {
	of := func(id string) int {
		a := p.model.find(reference{"id", id})
		switch {
		case a == nil:
			return 0
		case key == "count":
			return a.count
		case key == "priority":
			return int(a.priority[1])
		}
		return 0
	}
	if !slices.IsSortedFunc(ids, func(a, b string) int { return of(a) - of(b) }) && !(key == "priority" && slices.IsSortedFunc(ids, func(a, b string) int { return of(b) - of(a) })) {
		return fmt.Errorf("not in the order of %s: %v", key, ids)
	}
	return nil
}

// save keeps a search under a name, unless it is kept already, and returns the name.
func (p *player) save(query string) (string, error) {
	name := fmt.Sprintf("search %d", p.step.C%len(queries))
	if slices.Contains(p.saved, name) {
		return name, nil
	}
	body := fmt.Sprintf(`{"name":%q,"query":%q,"owner":{"username":%q}}`, name, query, p.hub.User.Name)
	made := p.hub.Write("POST", "/v2/alerts/saved-searches", body)
	p.calls, p.saved = append(p.calls, "POST /v2/alerts/saved-searches "+body), append(p.saved, name)
	id, _ := made.data("id").(string)
	if made.Status != 201 || id == "" || made.data("name") != name {
		return "", fmt.Errorf("a saved search: HTTP %d %v", made.Status, made.Body)
	}
	told := p.hub.Read("GET", "/v2/alerts/saved-searches/"+id, "")
	if told.data("query") != query || told.data("name") != name {
		return "", fmt.Errorf("a saved search is told as %v", told.Body)
	}
	return name, nil
}
