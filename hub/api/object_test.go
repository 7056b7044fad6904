package api

import (
	"encoding/json"
	"testing"
)

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
