package route

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Rewrite says what the fields of an alert become. Texts are templates; see [CheckTemplate].
// They are all filled in from the alert as it was, so that {{message}} is the message before.
// An empty one leaves the field as it was.
type Rewrite struct {
	Message     string `cbor:"1,keyasint,omitempty"`
	Alias       string `cbor:"2,keyasint,omitempty"`
	Description string `cbor:"3,keyasint,omitempty"`
	Entity      string `cbor:"4,keyasint,omitempty"`
	Source      string `cbor:"5,keyasint,omitempty"`
	// Priority is zero if it stays. CustomPriority counts without one: a template that gives
	// P1 to P5; if it gives anything else the priority stays.
	Priority       core.Priority `cbor:"6,keyasint,omitempty"`
	CustomPriority string        `cbor:"7,keyasint,omitempty"`
	// Tags, Actions, Details and Responders are added to what was there, or come instead of
	// it. A template of tags or actions gives as many as it has parts between commas.
	Tags             []string          `cbor:"8,keyasint,omitempty"`
	Actions          []string          `cbor:"9,keyasint,omitempty"`
	Details          map[string]string `cbor:"10,keyasint,omitempty"` // values are templates
	Responders       []alert.Responder `cbor:"11,keyasint,omitempty"`
	IgnoreTags       bool              `cbor:"12,keyasint,omitempty"`
	IgnoreActions    bool              `cbor:"13,keyasint,omitempty"`
	IgnoreDetails    bool              `cbor:"14,keyasint,omitempty"`
	IgnoreResponders bool              `cbor:"15,keyasint,omitempty"`
}

// check complains about what cannot be. At stands before the names of fields.
func (r *Rewrite) check(wrong faults, at string, scope Scope) {
	wrong.template(at+"message", r.Message, scope)
	wrong.template(at+"alias", r.Alias, scope)
	wrong.template(at+"description", r.Description, scope)
	wrong.template(at+"entity", r.Entity, scope)
	wrong.template(at+"source", r.Source, scope)
	wrong.template(at+"customPriority", r.CustomPriority, scope)
	if r.Priority > core.P5 {
		wrong.add(at+"priority", "must be P1, P2, P3, P4 or P5")
	}
	wrong.count(at+"tags", len(r.Tags), alert.TagsMax)
	for i, t := range r.Tags[:min(len(r.Tags), alert.TagsMax)] {
		wrong.template(fmt.Sprintf("%stags[%d]", at, i), t, scope)
	}
	wrong.count(at+"actions", len(r.Actions), alert.ActionsMax)
	for i, a := range r.Actions[:min(len(r.Actions), alert.ActionsMax)] {
		wrong.template(fmt.Sprintf("%sactions[%d]", at, i), a, scope)
	}
	total := 0
	for _, key := range sortedKeys(r.Details) {
		total += utf8.RuneCountInString(key) + utf8.RuneCountInString(r.Details[key])
		wrong.template(at+"details."+cut(key, KeyMax), r.Details[key], scope)
	}
	wrong.count(at+"details", total, alert.DetailsMax)
	wrong.count(at+"responders", len(r.Responders), alert.RespondersMax)
}

// rewrite returns a draft as it becomes, cut to the limits of an alert. The draft itself
// stays as it is. A message that would become empty stays, as does an alias of which a part
// is missing.
func (r *Rewrite) rewrite(d *alert.Draft, f *filler) alert.Draft {
	out := *d
	texts := [...]struct {
		to     *string
		source string
		most   int
	}{
		{&out.Message, r.Message, alert.MessageMax}, {&out.Description, r.Description, alert.DescriptionMax},
		{&out.Entity, r.Entity, alert.EntityMax}, {&out.Source, r.Source, alert.SourceMax},
	}
	for _, t := range texts {
		if t.source != "" {
			*t.to = f.fill(t.source, t.most)
		}
		*t.to = cut(*t.to, t.most)
	}
	if strings.TrimSpace(out.Message) == "" {
		out.Message = cut(d.Message, alert.MessageMax)
	}
	if alias := f.whole(r.Alias, alert.AliasMax); alias != "" {
		out.Alias = alias
	}
	out.Alias = cut(out.Alias, alert.AliasMax)
	out.Priority = r.priority(d.Priority, f)
	out.Tags = labels(d.Tags, r.Tags, r.IgnoreTags, alert.TagsMax, alert.TagMax, f)
	out.Actions = labels(d.Actions, r.Actions, r.IgnoreActions, alert.ActionsMax, alert.ActionMax, f)
	out.Details = r.details(d.Details, f)
	given := d.Responders
	if r.IgnoreResponders {
		given = nil
	}
	out.Responders = join(given, r.Responders, alert.RespondersMax)
	return out
}

func (r *Rewrite) priority(was core.Priority, f *filler) core.Priority {
	switch {
	case r.Priority != 0:
		return r.Priority
	case r.CustomPriority == "":
		return was
	}
	said := strings.ToUpper(strings.TrimSpace(f.fill(r.CustomPriority, KeyMax)))
	if p, err := core.ParsePriority(said); err == nil && said != "" {
		return p
	}
	return was
}

// details returns what becomes of the details. Those of the rewrite come first where there
// is not room for all.
func (r *Rewrite) details(given map[string]string, f *filler) map[string]string {
	if r.IgnoreDetails {
		given = nil
	}
	if len(r.Details) == 0 && weight(given) <= alert.DetailsMax {
		return given
	}
	out := make(map[string]string, len(given)+len(r.Details))
	maps.Copy(out, given)
	for _, key := range sortedKeys(r.Details) {
		out[key] = f.fill(r.Details[key], alert.DetailsMax)
	}
	if weight(out) <= alert.DetailsMax {
		return out
	}
	fits, room := map[string]string{}, alert.DetailsMax
	for _, key := range append(sortedKeys(r.Details), sortedKeys(given)...) {
		n := utf8.RuneCountInString(key)
		if _, there := fits[key]; there || n >= room {
			continue
		}
		fits[key] = cut(out[key], room-n)
		room -= n + utf8.RuneCountInString(fits[key])
	}
	return fits
}

// sortedKeys returns the keys of details in the order in which everything is done with them,
// so that it is always done alike.
func sortedKeys(details map[string]string) []string {
	keys := make([]string, 0, len(details))
	for key := range details {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// weight returns how many characters details have, keys and values together.
func weight(details map[string]string) int {
	total := 0
	for key, value := range details {
		total += utf8.RuneCountInString(key) + utf8.RuneCountInString(value)
	}
	return total
}

// labels returns what becomes of tags or actions, each of which is cut to the longest.
func labels(given, own []string, ignore bool, most, longest int, f *filler) []string {
	if ignore {
		given = nil
	}
	filled := make([]string, 0, len(own))
	for _, source := range own {
		for part := range strings.SplitSeq(f.fill(source, alert.DescriptionMax), ",") {
			if part = strings.TrimSpace(part); part != "" {
				filled = append(filled, cut(part, longest))
			}
		}
	}
	if slices.ContainsFunc(given, func(s string) bool { return cut(s, longest) != s }) {
		given = slices.Clone(given)
		for i := range given {
			given[i] = cut(given[i], longest)
		}
	}
	return join(given, filled, most)
}

// join returns what was given and then what is added, each once. Where there is not room for
// all, the last of what was given are left out.
func join[T comparable](given, added []T, most int) []T {
	if len(added) == 0 && len(given) <= most {
		return given
	}
	own, out := make([]T, 0, len(added)), make([]T, 0, len(given)+len(added))
	for _, x := range added {
		if !slices.Contains(own, x) && len(own) < most {
			own = append(own, x)
		}
	}
	for _, x := range given {
		if !slices.Contains(out, x) && !slices.Contains(own, x) && len(out)+len(own) < most {
			out = append(out, x)
		}
	}
	return append(out, own...)
}
