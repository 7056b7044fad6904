package alert

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"keng/hub/core"
)

// The limits of an alert's fields, counted in Unicode code points, since clients
// truncate by them (Opsgenie's API, create alert).
const (
	MessageMax     = 130
	AliasMax       = 512
	DescriptionMax = 15_000
	EntityMax      = 512
	SourceMax      = 100
	UserMax        = 100
	NoteMax        = 25_000
	TagsMax        = 20
	TagMax         = 50
	ActionsMax     = 10
	ActionMax      = 50
	DetailsMax     = 8_000 // keys and values together
	RespondersMax  = 50
)

// Check says which fields of a draft are beyond their limits, all at once; nil if
// none is. The error is of kind [core.Unacceptable].
func (d *Draft) Check() error {
	wrong := map[string]string{}
	if d.Message == "" {
		wrong["message"] = "Message can not be empty."
	}
	for _, f := range []struct {
		name, value string
		max         int
	}{
		{"message", d.Message, MessageMax},
		{"alias", d.Alias, AliasMax},
		{"description", d.Description, DescriptionMax},
		{"entity", d.Entity, EntityMax},
		{"source", d.Source, SourceMax},
		{"user", d.User, UserMax},
		{"note", d.Note, NoteMax},
	} {
		if n := utf8.RuneCountInString(f.value); n > f.max {
			wrong[f.name] = fmt.Sprintf("%d characters are too many: at most %d are allowed.", n, f.max)
		}
	}
	checkList(wrong, "tags", d.Tags, TagsMax, TagMax)
	checkList(wrong, "actions", d.Actions, ActionsMax, ActionMax)
	if total := detailsSize(d.Details); total > DetailsMax {
		wrong["details"] = fmt.Sprintf("%d characters in all are too many: at most %d are allowed.", total, DetailsMax)
	}
	if n := len(d.Responders); n > RespondersMax {
		wrong["responders"] = fmt.Sprintf("%d are too many: at most %d are allowed.", n, RespondersMax)
	}
	if len(wrong) == 0 {
		return nil
	}
	return &core.Error{Kind: core.Unacceptable, Words: "Request body is not processable. Please check the errors.", Fields: wrong}
}

func checkList(wrong map[string]string, name string, items []string, most, longest int) {
	if len(items) > most {
		wrong[name] = fmt.Sprintf("%d are too many: at most %d are allowed.", len(items), most)
		return
	}
	for i, item := range items {
		if n := utf8.RuneCountInString(item); n > longest {
			wrong[name] = fmt.Sprintf("number %d has %d characters: at most %d are allowed.", i+1, n, longest)
			return
		}
	}
}

// detailsSize counts keys and values together.
func detailsSize(details map[string]string) (total int) {
	for k, v := range details {
		total += utf8.RuneCountInString(k) + utf8.RuneCountInString(v)
	}
	return total
}

// Cut returns s as valid text of at most n code points, n at least 1. Where something is
// cut off, the last one says so: "…".
func Cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "?")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	i := 0
	for range n - 1 {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return s[:i] + "…"
}

// Fit cuts a draft to the limits, for senders of which nobody reads the refusals: a long
// text is no reason to lose an alarm. Tags, actions and responders beyond the number that is
// allowed are left out, the last first; details in the order of their keys, those that do
// not fit. It returns the names of the fields that were cut, in alphabetical order. An empty
// message stays for [Draft.Check] to refuse, and so does an alias that is too long: cut, it
// could be another alert's.
func (d *Draft) Fit() (cut []string) {
	note := func(field string, changed bool) {
		if changed && !slices.Contains(cut, field) {
			cut = append(cut, field)
		}
	}
	for _, f := range []struct {
		name  string
		value *string
		max   int
	}{
		{"message", &d.Message, MessageMax}, {"description", &d.Description, DescriptionMax}, {"entity", &d.Entity, EntityMax},
		{"source", &d.Source, SourceMax}, {"user", &d.User, UserMax}, {"note", &d.Note, NoteMax},
	} {
		fitted := Cut(*f.value, f.max)
		note(f.name, fitted != *f.value)
		*f.value = fitted
	}
	var changed bool
	d.Tags, changed = fitList(d.Tags, TagsMax, TagMax)
	note("tags", changed)
	d.Actions, changed = fitList(d.Actions, ActionsMax, ActionMax)
	note("actions", changed)
	if len(d.Responders) > RespondersMax {
		d.Responders = d.Responders[:RespondersMax]
		note("responders", true)
	}
	d.Details, changed = fitDetails(d.Details)
	note("details", changed)
	slices.Sort(cut)
	return cut
}

func fitList(items []string, most, longest int) (fitted []string, changed bool) {
	for _, item := range items[:min(len(items), most)] {
		fitted = append(fitted, Cut(item, longest))
	}
	return fitted, !slices.Equal(items, fitted)
}

func fitDetails(details map[string]string) (fitted map[string]string, changed bool) {
	if detailsSize(details) <= DetailsMax {
		return details, false
	}
	fitted = map[string]string{}
	room := DetailsMax
	for _, key := range slices.Sorted(maps.Keys(details)) {
		if n := utf8.RuneCountInString(key) + utf8.RuneCountInString(details[key]); n <= room {
			fitted[key] = details[key]
			room -= n
		}
	}
	return fitted, true
}
