package alert

import (
	"fmt"
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
	total := 0
	for k, v := range d.Details {
		total += utf8.RuneCountInString(k) + utf8.RuneCountInString(v)
	}
	if total > DetailsMax {
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
