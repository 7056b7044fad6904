package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
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
	err := json.Unmarshal(raw, &o.fields)
	if err == nil {
		return nil
	}
	if _, typed := err.(*json.UnmarshalTypeError); typed {
		o.wrong["body"] = "must be a JSON object"
		return nil
	}
	return malformed("The body is not valid JSON: " + err.Error() + ".")
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
	var fields map[string]json.RawMessage
	return json.Unmarshal(o.fields[key], &fields) == nil && len(fields) == 0
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

func (o object) complain(key, why string) { o.wrong[o.at+key] = why }

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
	var all map[string]json.RawMessage
	o.into(key, "an object of strings", &all)
	pairs := map[string]string{}
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

// objects returns a list of objects. A single object is taken as a list of one.
func (o object) objects(key string) []object {
	raw := o.raw(key)
	if len(raw) > 0 && raw[0] == '{' {
		raw = append(append(json.RawMessage("["), raw...), ']')
	}
	var all []map[string]json.RawMessage
	if raw != nil && json.Unmarshal(raw, &all) != nil {
		o.complain(key, "must be a list of objects")
		return nil
	}
	list := make([]object, len(all))
	for i, fields := range all {
		list[i] = object{fields: fields, at: fmt.Sprintf("%s%s[%d].", o.at, key, i), wrong: o.wrong}
	}
	return list
}
