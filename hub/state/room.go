package state

import (
	"maps"
	"slices"

	"keng/hub/core/alert"
)

// room is what there is for an input. What is beyond it is cut off and never refused: few
// tools send again what was refused, and a large payload is no reason to lose an alarm.
type room struct {
	text  int // characters of one text
	value int // characters of one item of a list, and of a field's value
	items int // of one list, and fields
	bytes int // of one list, and of fields with their names
}

// What the rules are asked about of an input that is far too large, and what the journal keeps
// of one that is too large for it. A regular expression may take 200 ns for each character that
// it is asked about, and rules have hundreds: nothing else is done meanwhile.
var (
	toDecide = room{text: alert.NoteMax, value: alert.DescriptionMax, items: PayloadFieldsMax, bytes: PayloadBytesMax / 2}
	toKeep   = room{text: 1000, value: 1000, items: 200, bytes: journalBytes / 4}
)

// cut cuts an input to the room that there is, and notes whether anything was cut.
func (in *Input) cut(to room) {
	for _, text := range in.texts() {
		if short := firstRunes(*text, to.text); short != *text {
			*text, in.Cut = short, true
		}
	}
	d := &in.Draft
	for _, list := range []*[]string{&d.Tags, &d.Actions} {
		if kept := to.list(*list); !slices.Equal(kept, *list) {
			*list, in.Cut = kept, true
		}
	}
	for _, fields := range []*map[string]string{&d.Details, &in.Payload} {
		if kept := to.fields(*fields); !maps.Equal(kept, *fields) {
			*fields, in.Cut = kept, true
		}
	}
	known := slices.DeleteFunc(slices.Clone(d.Responders), func(r alert.Responder) bool { return len(r.ID) > NameMax })
	if known = known[:min(len(known), alert.RespondersMax)]; len(known) < len(d.Responders) {
		d.Responders, in.Cut = known, true
	}
}

// texts are the texts of an input that whoever sent it has written.
func (in *Input) texts() []*string {
	d := &in.Draft
	return []*string{&d.Message, &d.Alias, &d.Description, &d.Source, &d.Entity, &d.User, &d.Note, (*string)(&d.OwnerTeam), &in.Event, &in.Format}
}

// list returns the first items for which there is room.
func (to room) list(items []string) (kept []string) {
	left := to.bytes
	for _, item := range items {
		item = firstRunes(item, to.value)
		if left -= len(item); left < 0 || len(kept) == to.items {
			break
		}
		kept = append(kept, item)
	}
	return kept
}

// fields returns the first fields, in the order of their names, for which there is room.
func (to room) fields(given map[string]string) map[string]string {
	kept, left := map[string]string{}, to.bytes
	for _, name := range sortedKeys(given) {
		value := firstRunes(given[name], to.value)
		weighs := len(name) + len(value)
		if len(kept) == to.items {
			break
		}
		if weighs > left {
			continue // a smaller one may fit
		}
		left -= weighs
		kept[name] = value
	}
	return kept
}

// size is about how many bytes an input takes.
func (in *Input) size() (n int) {
	const each = 4 // bytes, about, besides the text itself
	for _, text := range in.texts() {
		n += len(*text)
	}
	for _, list := range [][]string{in.Draft.Tags, in.Draft.Actions} {
		for _, item := range list {
			n += each + len(item)
		}
	}
	for _, fields := range []map[string]string{in.Draft.Details, in.Payload} {
		for name, value := range fields {
			n += 2*each + len(name) + len(value)
		}
	}
	for _, r := range in.Draft.Responders {
		n += 2*each + len(r.ID)
	}
	return n
}

// fits reports whether the rules can be asked about all of an input.
func (in *Input) fits() bool {
	if len(in.Payload) > PayloadFieldsMax || in.size() > PayloadBytesMax {
		return false
	}
	for _, value := range in.Payload {
		if len(value) > toDecide.value {
			return false
		}
	}
	return true
}
