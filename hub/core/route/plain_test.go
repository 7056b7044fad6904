package route_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

// In the files plain_*_test.go what this package decides is decided a second time, as plainly
// as can be and without any of its code, to hold the two against each other.

// plainField returns what a subject has of a field, as texts: of what sort it is, and what
// there is of it. Details are pairs of a key and a value.
func plainField(name, key string, s *route.Subject) (sort string, texts []string, pairs [][2]string) {
	switch name {
	case "message":
		return "text", []string{s.Message}, nil
	case "alias":
		return "text", []string{s.Alias}, nil
	case "description":
		return "text", []string{s.Description}, nil
	case "source":
		return "text", []string{s.Source}, nil
	case "entity":
		return "text", []string{s.Entity}, nil
	case "eventType":
		return "text", []string{s.EventType}, nil
	case "tags":
		return "list", s.Tags, nil
	case "actions":
		return "list", s.Actions, nil
	case "recipients":
		return "list", plainNames(s, alert.User), nil
	case "responders":
		return "list", plainNames(s), nil
	case "teams":
		return "teams", plainNames(s, alert.Team), nil
	case "priority":
		if s.Priority == 0 {
			return "priority", []string{"P3"}, nil
		}
		return "priority", []string{"P" + strconv.Itoa(int(s.Priority))}, nil
	case "details", "extra-properties", "extraProperties":
		if key != "" {
			return "value", []string{s.Details[key]}, nil
		}
		for k, v := range s.Details {
			pairs = append(pairs, [2]string{k, v})
		}
		return "details", nil, pairs
	case "":
		return "", nil, nil
	}
	if s.Payload == nil {
		return "", nil, nil
	}
	return "value", []string{s.Payload[name]}, nil
}

// plainNames returns the names, else the ids, of responders of some kinds, or of all.
func plainNames(s *route.Subject, kinds ...alert.ResponderKind) (all []string) {
	for _, r := range s.Responders {
		if len(kinds) > 0 && !slices.Contains(kinds, r.Kind) {
			continue
		}
		called := r.ID
		if s.Names != nil && s.Names(r) != "" {
			called = s.Names(r)
		}
		all = append(all, called)
	}
	return all
}

// plainMet says whether a condition is understood and, if so, whether a subject meets it.
func plainMet(c *route.Condition, s *route.Subject) (met, understood bool) {
	sort, texts, pairs := plainField(c.Field, c.Key, s)
	switch sort {
	case "text", "teams":
		met, understood = plainText(c, texts)
	case "value":
		if met, understood = plainText(c, texts); !understood {
			met, understood = plainNumber(c, texts[0])
		}
	case "list":
		met, understood = plainList(c, texts)
	case "details":
		met, understood = plainDetails(c, pairs)
	case "priority":
		met, understood = plainPriority(c, texts[0])
	}
	return understood && met != c.Not, understood
}

// plainText asks one text, or many of which one is enough and none at all is the empty one.
func plainText(c *route.Condition, texts []string) (met, understood bool) {
	if len(texts) == 0 {
		texts = []string{""}
	}
	var asks func(string) bool
	switch v := c.Value; c.Operation {
	case "is-empty":
		asks = func(s string) bool { return s == "" }
	case "equals":
		asks = func(s string) bool { return s == v }
	case "equals-ignore-whitespace":
		bare := strings.NewReplacer(" ", "", "\t", "", "\n", "")
		asks = func(s string) bool { return bare.Replace(s) == bare.Replace(v) }
	case "matches":
		return plainMatch(v, texts)
	case "contains":
		asks = func(s string) bool { return strings.Index(s, v) >= 0 }
	case "starts-with":
		asks = func(s string) bool { return len(s) >= len(v) && s[:len(v)] == v }
	case "ends-with":
		asks = func(s string) bool { return len(s) >= len(v) && s[len(s)-len(v):] == v }
	default:
		return false, false
	}
	if strings.Contains("contains starts-with ends-with", c.Operation) && c.Value == "" {
		return false, false
	}
	return slices.ContainsFunc(texts, asks), true
}

// plainMatch looks for the longest match from the beginning of a text, which must be all of it.
func plainMatch(pattern string, texts []string) (met, understood bool) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return false, false
	}
	re.Longest()
	return slices.ContainsFunc(texts, func(s string) bool {
		found := re.FindStringIndex(s)
		return found != nil && found[0] == 0 && found[1] == len(s)
	}), true
}

func plainNumber(c *route.Condition, text string) (met, understood bool) {
	than, err := strconv.ParseFloat(strings.Trim(c.Value, " \t\n"), 64)
	if err != nil || than != than || c.Operation != "greater-than" && c.Operation != "less-than" {
		return false, false
	}
	n, err := strconv.ParseFloat(strings.Trim(text, " \t\n"), 64)
	if err != nil || n != n {
		return false, true
	}
	return c.Operation == "greater-than" && n > than || c.Operation == "less-than" && n < than, true
}

func plainList(c *route.Condition, items []string) (met, understood bool) {
	switch c.Operation {
	case "is-empty":
		return len(items) == 0, true
	case "contains":
		return slices.Contains(items, c.Value), c.Value != ""
	case "matches":
		return plainMatch(c.Value, items)
	}
	return false, false
}

func plainDetails(c *route.Condition, pairs [][2]string) (met, understood bool) {
	key, value := false, false
	for _, p := range pairs {
		key, value = key || p[0] == c.Value, value || p[1] == c.Value
	}
	switch c.Operation {
	case "is-empty":
		return len(pairs) == 0, true
	case "contains":
		return key || value, c.Value != ""
	case "contains-key":
		return key, c.Value != ""
	case "contains-value":
		return value, c.Value != ""
	}
	return false, false
}

// plainPriority compares priorities by their place in a list, the gravest last.
func plainPriority(c *route.Condition, is string) (met, understood bool) {
	gravity := []string{"P5", "P4", "P3", "P2", "P1"}
	have, want := slices.Index(gravity, is), slices.Index(gravity, c.Value)
	switch c.Operation {
	case "equals":
		met, understood = have == want, true
	case "greater-than":
		met, understood = have > want, true
	case "less-than":
		met, understood = have < want, true
	}
	return met, understood && want >= 0
}

// plainAll says whether criteria are met.
func plainAll(c *route.Criteria, s *route.Subject) bool {
	n := 0
	for i := range c.Conditions {
		if met, _ := plainMet(&c.Conditions[i], s); met {
			n++
		}
	}
	return c.Join == route.All || c.Join == route.AnyCondition && n > 0 || c.Join == route.AllConditions && n == len(c.Conditions)
}

// plainCut cuts a text to so many characters.
func plainCut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// plainOwner is the team that owns a draft.
func plainOwner(d *alert.Draft) core.TeamID {
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
