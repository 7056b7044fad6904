package api

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzMembers: a valid object is split as encoding/json does it, and nothing else is taken for one.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { } `, `null`, ` null`, `1`, `"x"`, `[]`, `true`, `{"a":1}`, `{"a":1 ,"b" : [1,{"c":"}"}] , "c":{"d":[]},"d":"\"]}","a":-1.5e3}`, `{"\u0061":"\\","a":null}`,
		"{\"a\xff\":\"b\xff\",\n\t\"\":\"\"}", `{"a":[[[]]],"b":{"c":{"d":{}}}}`, `{"a":true,"b":false}`, `{"a":0}x`, `{"a"`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		var want map[string]json.RawMessage
		err := json.Unmarshal(raw, &want)
		got, ok := members(raw)
		if ok != (err == nil) || ok && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q (%v), not %q (%v)", raw, got, ok, want, err)
		}
		for name, value := range want {
			var text string
			err := json.Unmarshal(value, &text)
			if err == nil && value[0] != '"' { // null, which objects take for absent
				continue
			}
			if got, ok := stringOf(value); ok != (err == nil) || got != text {
				t.Errorf("%s: %q is %q (%v), not %q (%v)", name, value, got, ok, text, err)
			}
		}
	})
}
