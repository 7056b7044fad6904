package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
)

// FuzzFieldsOf: an object has the fields that encoding/json finds in it, and what that does not take is
// not taken.
func FuzzFieldsOf(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` {"a" : 1 , "b":[ {"c":null}, "\ud800"]} `, `{"a":1,"a":{"a":2}}`, `{"\u0061\ud83d":"x"}`, "{\"a\xff\":\"\xff\"}", `null`, ` null x`, `[]`, `1`, `"a"`, `{"a":}`,
		`{"a":1`, `{"a":1}}`, `{} {}`, `{1:2}`, `{"a":1,}`, `{"a":[1,]}`, `{"a":01}`, ``, ` `, `{"a":"` + "\n" + `"}`, `nulla`, `[1`, `{"a":1}//`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want map[string]json.RawMessage
		err := json.Unmarshal(raw, &want)
		got, gotErr := fieldsOf(raw)
		_, typed := errors.AsType[*json.UnmarshalTypeError](err)
		if (gotErr == nil) != (err == nil) || errors.Is(gotErr, errNoObject) != typed {
			t.Fatalf("%.200q: %v, not %v", raw, gotErr, err)
		}
		if err == nil && !maps.EqualFunc(got, want, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			t.Errorf("%.200q has %q, not %q", raw, got, want)
		}
	})
}

// A body may not be so deep that reading it takes a stack without bound.
func TestDeepFields(t *testing.T) {
	for _, opening := range []string{`{"a":`, `[`} {
		if _, err := fieldsOf([]byte(strings.Repeat(opening, 1<<20))); err == nil || errors.Is(err, errNoObject) {
			t.Errorf("a million times %s: %v", opening, err)
		}
	}
}

// FuzzStringOf: a valid string is what encoding/json takes it for, and nothing else is taken for one.
func FuzzStringOf(f *testing.F) {
	for _, seed := range []string{`""`, `"x"`, `"\\"`, `"\"]}"`, `"\u0061"`, "\"b\xff\"", `"phố"`, `1`, `true`, `[]`, `{"a":"b"}`, `null`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var value json.RawMessage // without the spaces around it, as the values of a body are
		if json.Unmarshal(raw, &value) != nil {
			return
		}
		var want string
		err := json.Unmarshal(value, &want)
		if got, ok := stringOf(value); ok != (err == nil) || got != want {
			t.Errorf("%q is %q (%v), not %q (%v)", value, got, ok, want, err)
		}
	})
}
