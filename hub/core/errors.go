package core

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// Kind is what sort of thing went wrong, as far as a caller can act on it. The API
// maps kinds to HTTP codes in one place.
type Kind uint8

// The kinds of error. Values cross between nodes: they never change their meaning.
const (
	Internal     Kind = 0 // nobody's request is at fault
	NotFound     Kind = 1 // what was named does not exist
	Unacceptable Kind = 2 // understood, but its content cannot be; see Error.Fields
	Conflict     Kind = 3 // a name or id is taken
	InUse        Kind = 4 // something else still needs it
	Forbidden    Kind = 5 // the caller lacks the right
	Unavailable  Kind = 6 // not now; later it may work
)

// Error is a kind and words for a person.
type Error struct {
	Kind  Kind
	Words string
	// Fields says, for [Unacceptable], what is wrong with which field.
	Fields map[string]string
}

// Error returns the words, and the fields in the order of their names.
func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return e.Words
	}
	var b strings.Builder
	b.WriteString(e.Words)
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		b.WriteString("; " + name + ": " + e.Fields[name])
	}
	return b.String()
}

// KindOf returns the kind of err, [Internal] for an error that is not ours.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Missing says that a thing of some sort ("user", "escalation") does not exist.
func Missing(sort, name string) *Error {
	return &Error{Kind: NotFound, Words: sort + " [" + name + "] does not exist"}
}

// Invalid says that one field cannot be as it is.
func Invalid(field, why string) *Error {
	return &Error{Kind: Unacceptable, Words: "Request body is not processable. Please check the errors.", Fields: map[string]string{field: why}}
}
