package state_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
)

// contentVerbs are about what alerts say, and how they are found by it.
func (s *stage) contentVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{"draft": s.draft, "long": s.long, "content": s.content, "search": s.search}
}

// written reads a text of a play: "_" is a space, and "ẻ*131" is so many of them.
func written(text string) string {
	if of, times, ok := strings.Cut(text, "*"); ok {
		if n, err := strconv.Atoi(times); err == nil && n >= 0 {
			return strings.Repeat(of, n)
		}
	}
	return strings.ReplaceAll(text, "_", " ")
}

// draft ALIAS [KEY=TEXT]...: an alert, as by the API. Keys are message, description, entity,
// source, user, note, tag, action, priority, responder and any detail's; alias "-" is none.
func (s *stage) draft(args []string) error {
	d := alert.Draft{Message: "trouble with " + args[0], Alias: written(args[0]), Integration: "key", Details: map[string]string{}}
	if args[0] == "-" {
		d.Alias = ""
	}
	for _, a := range args[1:] {
		key, text, _ := strings.Cut(a, "=")
		text = written(text)
		fields := map[string]*string{
			"message": &d.Message, "description": &d.Description, "entity": &d.Entity, "source": &d.Source, "user": &d.User, "note": &d.Note,
		}
		switch {
		case fields[key] != nil:
			*fields[key] = text
		case key == "tag":
			d.Tags = append(d.Tags, text)
		case key == "action":
			d.Actions = append(d.Actions, text)
		case key == "responder":
			d.Responders = append(d.Responders, s.responder(text))
		case key == "priority":
			p, err := core.ParsePriority(text)
			if err != nil {
				return err
			}
			d.Priority = p
		default:
			d.Details[key] = text
		}
	}
	r, err := do(s, state.CreateAlert{Draft: d})
	if err == nil {
		s.say("request: %s", r.Status)
	}
	return err
}

// long ALIAS USER message|description|note|tags|KEY TEXT...: says something long of an alert.
func (s *stage) long(args []string) error {
	texts := make([]string, len(args)-3)
	for i, a := range args[3:] {
		texts[i] = written(a)
	}
	k := asked(args)
	switch args[2] {
	case "message":
		return asks(s, state.UpdateMessage{Asked: k, Message: texts[0]})
	case "description":
		return asks(s, state.UpdateDescription{Asked: k, Description: texts[0]})
	case "note":
		k.Note = texts[0]
		return asks(s, state.AddNote{Asked: k})
	case "tags":
		return asks(s, state.AddTags{Asked: k, Tags: texts})
	}
	return asks(s, state.AddDetails{Asked: k, Details: map[string]string{args[2]: texts[0]}})
}

// shortened shows a line of a log that a reader would not want to read to its end.
func shortened(text string) string {
	if n := utf8.RuneCountInString(text); n > 250 || n > 90 && !strings.Contains(text, " ") {
		return fmt.Sprintf("%s… (%d characters)", string([]rune(text)[:20]), n)
	}
	return text
}

// brief shows a text, of a long one its length and how it ends.
func brief(text string) string {
	n := utf8.RuneCountInString(text)
	if n <= 60 {
		return strconv.Quote(text)
	}
	return fmt.Sprintf("%d characters, ending in %q", n, string([]rune(text)[n-3:]))
}

// content ALIAS: what an alert says.
func (s *stage) content(args []string) error {
	a, ok := state.FindAlert(s.tx, named(args[0]))
	if !ok {
		s.say("there is no alert %s", args[0])
		return nil
	}
	s.say("#%d %s: %s, count %d, last at %s", a.Tiny, a.Priority, brief(a.Message), a.Count, a.LastOccurredAt.Sub(s.start))
	for _, f := range [][2]string{{"description", a.Description}, {"entity", a.Entity}, {"source", a.Source}, {"actions", strings.Join(a.Actions, ", ")}} {
		if f[1] != "" {
			s.say("  %s: %s", f[0], brief(f[1]))
		}
	}
	if len(a.Tags) > 0 {
		s.say("  %d tags, the last %s", len(a.Tags), brief(a.Tags[len(a.Tags)-1]))
	}
	for _, key := range slices.Sorted(maps.Keys(a.Details)) {
		s.say("  %s: %s", brief(key), brief(a.Details[key]))
	}
	return nil
}

// search QUERY: the short numbers of the alerts that it finds, the newest first.
func (s *stage) search(args []string) error {
	q, err := state.ParseQuery(strings.Join(args, " "), s.now, nil)
	if err != nil {
		return err
	}
	found := "finds"
	search := state.Search{Query: q}
	search.Run(s.tx, func(a *alert.Alert) bool {
		found += fmt.Sprintf(" #%d", a.Tiny)
		return true
	})
	s.say("%s: %s", strings.Join(args, " "), found)
	return nil
}
