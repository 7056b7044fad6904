package api

import (
	"slices"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// alertFilter is the part of Opsgenie's search language that is spoken so far: terms
// "field: value" joined by AND. An empty string in it accepts everything.
type alertFilter struct {
	status       string // open, closed
	acknowledged string // true, false
	alias        string // of an open alert
	priorities   []core.Priority
	tags         []string
	contradicts  bool // two terms exclude each other
}

const (
	queryMax       = 1000 // bytes
	querySupported = `so far a query may hold the terms "status: open", "status: closed", "acknowledged: true", "acknowledged: false", ` +
		`"alias: …", "priority: P1" and "tag: …", joined by AND; values with spaces stand in double quotes`
)

// parseFilter reads a query. What it does not understand it refuses: to show the wrong
// alerts would be worse.
func parseFilter(query string, wrong map[string]string) alertFilter {
	var f alertFilter
	if len(query) > queryMax {
		wrong["query"] = "a query of more than 1000 bytes is too long"
		return f
	}
	rest := strings.TrimSpace(query)
	for rest != "" {
		var ok bool
		if rest, ok = f.term(rest); !ok {
			wrong["query"] = querySupported
			return alertFilter{}
		}
	}
	return f
}

// term reads one term, and the AND behind it with what must follow that.
func (f *alertFilter) term(s string) (rest string, ok bool) {
	field, rest, ok := strings.Cut(s, ":")
	if !ok {
		return "", false
	}
	value, rest, ok := queryValue(strings.TrimSpace(rest))
	if !ok || !f.set(strings.TrimSpace(field), value) {
		return "", false
	}
	if rest == "" {
		return "", true
	}
	word, rest, _ := strings.Cut(rest, " ")
	rest = strings.TrimSpace(rest)
	return rest, strings.EqualFold(word, "AND") && rest != ""
}

// queryValue reads a value, bare or in double quotes.
func queryValue(s string) (value, rest string, ok bool) {
	if quoted, is := strings.CutPrefix(s, `"`); is {
		value, rest, ok = strings.Cut(quoted, `"`)
		return value, strings.TrimSpace(rest), ok && value != "" && (rest == "" || rest[0] == ' ')
	}
	value, rest, _ = strings.Cut(s, " ")
	return value, strings.TrimSpace(rest), value != "" && !strings.ContainsAny(value, `"*()<>`)
}

func (f *alertFilter) set(field, value string) bool {
	one := func(slot *string, v string) bool {
		f.contradicts = f.contradicts || *slot != "" && *slot != v
		*slot = v
		return true
	}
	low := strings.ToLower(value)
	switch field {
	case "status":
		return (low == "open" || low == "closed") && one(&f.status, low)
	case "acknowledged":
		return (low == "true" || low == "false") && one(&f.acknowledged, low)
	case "alias":
		return one(&f.alias, value)
	case "priority":
		p, err := core.ParsePriority(strings.ToUpper(value))
		f.priorities = append(f.priorities, p)
		return err == nil
	case "tag":
		f.tags = append(f.tags, value)
		return true
	}
	return false
}

func (f *alertFilter) match(a *alert.Alert) bool {
	switch {
	case f.contradicts,
		f.status != "" && f.status != a.Status.String(),
		f.acknowledged != "" && (f.acknowledged == "true") != a.Acknowledged,
		f.alias != "" && f.alias != a.Alias:
		return false
	}
	for _, p := range f.priorities {
		if a.Priority != p {
			return false
		}
	}
	for _, tag := range f.tags {
		if !slices.ContainsFunc(a.Tags, func(t string) bool { return strings.EqualFold(t, tag) }) {
			return false
		}
	}
	return true
}
