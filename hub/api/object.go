package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object of a body. encoding/json would fill the field "id" from a key
// "Id", and clients written in Go send both; so keys are picked here exactly as they
// are spelled, and the rest is passed over. Empty strings are absent, and null is but where
// [object.none] is asked for.
type object struct {
	fields map[string]json.RawMessage
	at     string            // where it stands in the body, "" or "responders[2]."
	wrong  map[string]string // shared by all objects of a body
}

// parse reads a body. Nothing at all is an empty object.
func (o *object) parse(raw []byte) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	fields, err := fieldsOf(raw)
	if errors.Is(err, errNoObject) {
		o.wrong["body"] = "must be a JSON object"
		return nil
	}
	if err != nil {
		return malformed("The body is not valid JSON: " + err.Error() + ".")
	}
	o.fields = fields
	return nil
}

// errNoObject says that a text is JSON, but neither an object nor null.
var errNoObject = errors.New("it is no object")

// asEncodingJSON has jsontext take what encoding/json takes: of a key that stands there twice the last
// is meant, and what is no UTF-8 is replaced.
var asEncodingJSON = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// fieldsOf returns the values of a JSON object, which are parts of raw, and nil for null. What stands in
// them was found to be valid too, in one go: encoding/json looks at each value again, and takes three times as long.
func fieldsOf(raw []byte) (map[string]json.RawMessage, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(raw), asEncodingJSON)
	if kind := d.PeekKind(); kind != '{' {
		if err := d.SkipValue(); err != nil {
			return nil, err
		}
		if err := atEnd(d); err != nil {
			return nil, err
		}
		if kind == 'n' {
			return nil, nil
		}
		return nil, errNoObject
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String()
		if fields[name], err = nextValue(d, raw); err != nil {
			return nil, err
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	return fields, atEnd(d)
}

// nextValue returns the next value that a decoder reads, which is a part of raw.
func nextValue(d *jsontext.Decoder, raw []byte) (json.RawMessage, error) {
	value, err := d.ReadValue()
	if err != nil {
		return nil, err
	}
	end := int(d.InputOffset())
	return raw[end-len(value) : end : end], nil
}

// tokensIn returns how many tokens a JSON text has. It stops behind most, and at what is no JSON.
func tokensIn(raw []byte, most int64) (n int64) {
	d := jsontext.NewDecoder(bytes.NewBuffer(raw), asEncodingJSON)
	for n <= most {
		if _, err := d.ReadToken(); err != nil {
			break
		}
		n++
	}
	return n
}

// atEnd returns an error unless a decoder has read everything.
func atEnd(d *jsontext.Decoder) error {
	_, err := d.ReadToken()
	if err == nil {
		return errors.New("something stands behind it")
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// raw returns the value of a key, nil if it is absent.
func (o object) raw(key string) json.RawMessage {
	v := bytes.TrimSpace(o.fields[key])
	if string(v) == "null" || string(v) == `""` {
		return nil
	}
	return v
}

// none reports whether a key is there with null or an empty object: what it is about is to be
// taken off.
func (o object) none(key string) bool {
	fields, err := fieldsOf(o.fields[key])
	return err == nil && len(fields) == 0
}

// inner returns the fields of a value that must be of a sort, which is an object.
func (o object) inner(key, sort string) (fields map[string]json.RawMessage, ok bool) {
	raw := o.raw(key)
	if raw == nil {
		return nil, false
	}
	fields, err := fieldsOf(raw)
	if err != nil {
		o.complain(key, "must be "+sort)
	}
	return fields, err == nil
}

// into decodes the value of a key that must be of a sort.
func (o object) into(key, sort string, v any) bool {
	raw := o.raw(key)
	if raw == nil {
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		o.complain(key, "must be "+sort)
		return false
	}
	return true
}

// complaintsMax is how many faults of a body are told.
const complaintsMax = 100

func (o object) complain(key, why string) {
	if len(o.wrong) < complaintsMax {
		o.wrong[o.at+key] = why
	}
}

// text returns a string, "" if it is absent.
func (o object) text(key string) string {
	raw := o.raw(key)
	if raw == nil {
		return ""
	}
	s, ok := stringOf(raw)
	if !ok {
		o.complain(key, "must be a string")
	}
	return s
}

// stringOf decodes a JSON string that stands in a body which was found to be valid JSON. Most
// say what they mean, and need no second look at each letter.
func stringOf(raw json.RawMessage) (s string, ok bool) {
	if n := len(raw) - 1; raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1:n]), true
	}
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// number returns a whole number, or what is to be taken if it is absent.
func (o object) number(key string, otherwise int) int {
	n := otherwise
	if !o.into(key, "a whole number", &n) {
		return otherwise
	}
	return n
}

// texts returns a list of strings without the spaces around them and without the empty
// ones: Alertmanager splits "a, b" at the comma alone.
func (o object) texts(key string) []string {
	var all, some []string
	o.into(key, "a list of strings", &all)
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" {
			some = append(some, s)
		}
	}
	return some
}

// pairs returns an object of strings. Numbers and truth values are taken as they are
// written: scripts send them.
func (o object) pairs(key string) map[string]string {
	all, _ := o.inner(key, "an object of strings")
	pairs := make(map[string]string, len(all))
	for name, raw := range all {
		var s string
		switch {
		case string(raw) == "null":
			continue
		case raw[0] == '{' || raw[0] == '[':
			o.complain(key, "must be an object of strings")
		case raw[0] != '"':
			s = string(raw)
		default:
			s, _ = stringOf(raw)
		}
		pairs[name] = s
	}
	if len(pairs) == 0 {
		return nil
	}
	return pairs
}

// objectsMax is how many objects a list may have: in memory a small one takes a hundred times its text.
const objectsMax = 2000

// objects returns a list of objects. A single object is taken as a list of one.
func (o object) objects(key string) []object {
	raw := o.raw(key)
	if raw == nil {
		return nil
	}
	if raw[0] == '{' {
		raw = append(append(json.RawMessage("["), raw...), ']')
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(raw), asEncodingJSON)
	if token, err := d.ReadToken(); err != nil || token.Kind() != '[' {
		o.complain(key, "must be a list of objects")
		return nil
	}
	var list []object
	for d.PeekKind() != ']' {
		value, _ := nextValue(d, raw) // the body was found to be valid
		if len(list) == objectsMax {
			o.complain(key, fmt.Sprintf("more than %d are too many", objectsMax))
			return nil
		}
		fields, err := fieldsOf(value)
		if err != nil {
			o.complain(key, "must be a list of objects")
			return nil
		}
		list = append(list, object{fields: fields, at: fmt.Sprintf("%s%s[%d].", o.at, key, len(list)), wrong: o.wrong})
	}
	return list
}
