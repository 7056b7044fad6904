package sdktest

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// contract is what the hub promises to answer. A test of package api holds it against the table
// of routes, so that what is in it has a route, and the reverse.
var contract = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromFile("../api/openapi.yaml")
})

// promised returns the operation as the contract has it, nil if the hub does not have it.
func (o *operation) promised(t testing.TB) *openapi3.Operation {
	t.Helper()
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		same, ok := o.asks(o.method, path)
		if all, _ := o.asks(o.method, o.path); ok && same == all {
			return item.GetOperation(o.method)
		}
	}
	return nil
}

// fakeReply is what answers in the place of an operation, whatever is asked of it.
type fakeReply struct {
	status  int
	body    []byte
	request string // its request id
}

// fakeReplies returns constant replies that the contract allows as a success: one that says as little as
// may be, and one that has everything in it. Both are under the id of a request that
// succeeded, so that who asks what became of it hears of a success.
func (o *operation) fakeReplies(t testing.TB, request string) (replies []fakeReply) {
	t.Helper()
	promised := o.promised(t)
	codes := slices.Sorted(maps.Keys(promised.Responses.Map())) // "default" is the last
	status, err := strconv.Atoi(codes[0])
	content := promised.Responses.Value(codes[0]).Value.Content
	if text := content["text/plain"]; text != nil {
		return []fakeReply{{status, []byte(inventedText(text.Schema.Value, true)), request}}
	}
	media := content.Get("application/json")
	if err != nil || status > 299 || media == nil {
		t.Fatalf("%s: the contract has no success with JSON", o)
	}
	for _, full := range []bool{false, true} {
		value := invented(media.Schema.Value, full).(map[string]any)
		value["requestId"] = request
		if err := media.Schema.Value.VisitJSON(value); err != nil {
			t.Fatalf("%s: the invented reply is not as the contract says: %v", o, err)
		}
		body, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		replies = append(replies, fakeReply{status, body, request})
	}
	return replies
}

// invented returns a value that a schema allows: the least, or with everything in it.
func invented(s *openapi3.Schema, full bool) any {
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.OneOf) > 0:
		return invented(s.OneOf[0].Value, full)
	case len(s.AnyOf) > 0:
		return invented(s.AnyOf[0].Value, full)
	case len(s.AllOf) > 0 || len(s.Properties) > 0 || s.Type.Is("object"):
		return inventedObject(s, full)
	case s.Type.Is("array"):
		if full || s.MinItems > 0 {
			return []any{invented(s.Items.Value, full)}
		}
		return []any{}
	case s.Type.Is("boolean"):
		return full
	case s.Type.Is("integer"), s.Type.Is("number"):
		least := 0.0
		if s.Min != nil {
			least = *s.Min
		}
		if full && least == 0 {
			return 1.0
		}
		return least
	}
	return inventedText(s, full)
}

func inventedObject(s *openapi3.Schema, full bool) map[string]any {
	object := map[string]any{}
	for _, part := range s.AllOf {
		if more, ok := invented(part.Value, full).(map[string]any); ok {
			maps.Copy(object, more)
		}
	}
	for name, property := range s.Properties {
		if full || slices.Contains(s.Required, name) {
			object[name] = invented(property.Value, full)
		}
	}
	return object
}

func inventedText(s *openapi3.Schema, full bool) string {
	switch {
	case s.Format == "date-time":
		return "2000-01-01T00:00:00.000Z"
	case s.Format == "date":
		return "2000-01-01"
	case s.Format == "uri":
		return "http://a/"
	case s.Format == "uuid":
		return "00000000-0000-0000-0000-000000000000"
	case s.Pattern != "" || full || s.MinLength > 0:
		return strings.Repeat("1", max(1, int(s.MinLength)))
	}
	return ""
}
