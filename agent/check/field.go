package check

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Type is the type of a field's value.
type Type uint8

// The types of fields, each with the Go type of its value.
const (
	TypeText    Type = iota // string
	TypeInteger             // int64
	TypeBoolean             // bool
	TypeChoice              // string, one of Field.Choices
	TypeTexts               // []string
	TypePairs               // map[string]string
)

// String returns the type's name for people.
func (t Type) String() string {
	switch t {
	case TypeInteger:
		return "a whole number"
	case TypeBoolean:
		return "true or false"
	case TypeChoice:
		return "one of its choices"
	case TypeTexts:
		return "a list of texts"
	case TypePairs:
		return "a map of texts"
	default:
		return "a text"
	}
}

// Field is one thing that can be configured.
type Field struct {
	// Name is the key in the configuration: lower case letters and underscores.
	Name  string
	Type  Type
	Label Text // what a form calls it
	Help  Text // what it does, in a sentence
	// Required fields have no default.
	Required bool
	// Secret values are never shown again.
	Secret bool
	// Default is the value of a field that is left out, of the Go type that Type
	// names. Nil is the zero value.
	Default any
	// Choices are the values that a TypeChoice can take.
	Choices []string
	// Min and Max bound the number of a TypeInteger. For TypeText Max bounds the
	// bytes, for TypeTexts and TypePairs the entries. A Max of 0 is TextMax bytes
	// or EntriesMax entries; a TypeInteger must have a Max.
	Min, Max int64
}

// The bounds of fields that set none themselves.
const (
	TextMax    = 4096 // bytes
	EntriesMax = 64
)

// Values are the values of fields by name. Those that came out of [Complete] have
// a value for every field, of the right type.
type Values map[string]any

// Text returns the value of a TypeText or TypeChoice field.
func (v Values) Text(name string) string {
	text, _ := v[name].(string)
	return text
}

// Integer returns the value of a TypeInteger field.
func (v Values) Integer(name string) int64 {
	number, _ := v[name].(int64)
	return number
}

// Boolean returns the value of a TypeBoolean field.
func (v Values) Boolean(name string) bool {
	truth, _ := v[name].(bool)
	return truth
}

// Texts returns the value of a TypeTexts field. It must not be changed.
func (v Values) Texts(name string) []string {
	texts, _ := v[name].([]string)
	return texts
}

// Pairs returns the value of a TypePairs field. It must not be changed.
func (v Values) Pairs(name string) map[string]string {
	pairs, _ := v[name].(map[string]string)
	return pairs
}

// Complete checks given values against the fields and fills in the defaults. The
// error joins everything that is wrong, one sentence each.
func Complete(fields []Field, given Values) (Values, error) {
	var problems []error
	for name := range given {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name }) {
			problems = append(problems, fmt.Errorf("%s: unknown key; known are %s", name, names(fields)))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	complete := make(Values, len(fields))
	for _, field := range fields {
		value, ok := given[field.Name]
		switch {
		case ok:
			if err := field.accept(value); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", field.Name, err))
			}
		case field.Required:
			problems = append(problems, fmt.Errorf("%s: is missing (%s)", field.Name, field.Help.EN))
		default:
			value = field.standard()
		}
		complete[field.Name] = value
	}
	return complete, errors.Join(problems...)
}

// standard returns the value of the field when none is given.
func (f Field) standard() any {
	if f.Default != nil {
		return f.Default
	}
	switch f.Type {
	case TypeInteger:
		return int64(0)
	case TypeBoolean:
		return false
	case TypeTexts:
		return []string(nil)
	case TypePairs:
		return map[string]string(nil)
	default:
		return ""
	}
}

// accept reports what is wrong with a value given for the field.
func (f Field) accept(value any) error {
	var size, limit int64
	ok := false
	switch f.Type {
	case TypeText:
		var text string
		text, ok = value.(string)
		size, limit = int64(len(text)), cmp.Or(f.Max, TextMax)
	case TypeInteger:
		var number int64
		if number, ok = value.(int64); ok && (number < f.Min || number > f.Max) {
			return fmt.Errorf("%d is out of bounds; give %d to %d", number, f.Min, f.Max)
		}
	case TypeBoolean:
		_, ok = value.(bool)
	case TypeChoice:
		var choice string
		if choice, ok = value.(string); ok && !slices.Contains(f.Choices, choice) {
			return fmt.Errorf("%q is none of its choices; give one of %s", choice, strings.Join(f.Choices, ", "))
		}
	case TypeTexts:
		var texts []string
		texts, ok = value.([]string)
		size, limit = int64(len(texts)), cmp.Or(f.Max, EntriesMax)
	case TypePairs:
		var pairs map[string]string
		pairs, ok = value.(map[string]string)
		size, limit = int64(len(pairs)), cmp.Or(f.Max, EntriesMax)
	}
	if !ok {
		return fmt.Errorf("must be %s", f.Type)
	}
	if size > limit {
		return fmt.Errorf("is too long: %d, and at most %d are allowed", size, limit)
	}
	return nil
}

// names lists the fields for an error.
func names(fields []Field) string {
	if len(fields) == 0 {
		return "none"
	}
	list := make([]string, len(fields))
	for i, field := range fields {
		list[i] = field.Name
	}
	return strings.Join(list, ", ")
}
