package intake

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
)

// fields are a tool's fields by the tool's own names: those within objects with dots,
// "incident.id", those in lists by their place, "alerts.0.status". A list of plain values is
// one text with commas.
type fields map[string]string

// parse reads a JSON object.
func parse(body []byte) (map[string]any, error) {
	if len(body) > BodyMax {
		return nil, core.Invalid("body", "is larger than 1 MiB")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a number stays as it is written
	var root map[string]any
	if err := d.Decode(&root); err != nil || root == nil {
		return nil, core.Invalid("body", "must be a JSON object")
	}
	return root, nil
}

// secretNames are fields that nobody may read later: native scripts send their configuration
// along.
var secretNames = []string{"apiKey", "password"}

// flatten returns the fields of an object. Values are bounded as the state bounds them; if there
// is no room for all, the format's own go first.
func (f *Format) flatten(object map[string]any, secret string) fields {
	w := flattener{out: fields{}, left: state.PayloadBytesMax / 2, environment: f.environment, secret: secret, known: map[string]bool{}}
	for _, x := range f.Fields {
		w.known[x.Name] = true
		for at, c := range x.Name {
			if c == '.' {
				w.known[x.Name[:at]] = true // the object in which it stands
			}
		}
	}
	w.object("", object, 0)
	return w.out
}

type flattener struct {
	out         fields
	left        int // bytes for which there is room
	environment bool
	secret      string
	known       map[string]bool
}

// names returns the names of an object within another, known ones first.
func (w *flattener) names(at string, object map[string]any) []string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(object)), func(name string) bool { return len(at)+len(name) > nameMax }) // no template could name it
	slices.SortStableFunc(names, func(a, b string) int {
		switch knowsA, knowsB := w.known[at+a], w.known[at+b]; {
		case knowsA == knowsB:
			return 0
		case knowsA:
			return -1
		}
		return 1
	})
	return names
}

func (w *flattener) object(at string, object map[string]any, depth int) {
	if depth == depthMax {
		return
	}
	var within []string
	for _, name := range w.names(at, object) {
		switch object[name].(type) {
		case map[string]any, []any:
			within = append(within, name) // later: if room is short, what lies deep is left out
			continue
		}
		if depth == 0 && isSecret(name) || w.environment && looksSecret(name) {
			continue
		}
		w.put(at+w.clean(name), plain(object[name]))
	}
	for _, name := range within {
		w.value(at+w.clean(name), object[name], depth)
	}
}

func isSecret(name string) bool {
	return slices.ContainsFunc(secretNames, func(s string) bool { return strings.EqualFold(s, name) })
}

// looksSecret reports whether a variable of an environment is nobody's business.
func looksSecret(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "token") || slices.ContainsFunc([]string{"password", "passwd", "secret", "apikey", "api_key", "credential"},
		func(s string) bool { return strings.Contains(name, s) })
}

func (w *flattener) value(name string, v any, depth int) {
	switch v := v.(type) {
	case map[string]any:
		w.object(name+".", v, depth+1)
	case []any:
		w.list(name, v, depth)
	default:
		w.put(name, plain(v))
	}
}

func (w *flattener) list(name string, items []any, depth int) {
	items = items[:min(len(items), itemsMax)]
	var words []string
	for i, item := range items {
		switch item.(type) {
		case map[string]any, []any:
			if depth+1 < depthMax {
				w.value(name+"."+strconv.Itoa(i), item, depth+1)
			}
		default:
			words = append(words, plain(item))
		}
	}
	if words != nil || len(items) == 0 {
		w.put(name, strings.Join(words, ","))
	}
}

// plain returns a value of JSON that is no object and no list.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// put keeps a field if there is room.
func (w *flattener) put(name, value string) {
	value = alert.Cut(w.clean(value), alert.DescriptionMax)
	if n := len(name) + len(value); n <= w.left && len(w.out) < state.PayloadFieldsMax {
		w.left -= n
		w.out[name] = value
	}
}

// clean takes the secret by which a body came out of a text.
func (w *flattener) clean(text string) string {
	if w.secret == "" || !strings.Contains(text, w.secret) {
		return text
	}
	return strings.ReplaceAll(text, w.secret, "[key]")
}

func (f fields) bytes() (n int) {
	for name, value := range f {
		n += len(name) + 2*len(value) // once more in the alert
	}
	return n
}

// first returns the first of some fields that says something.
func (f fields) first(names ...string) string {
	for _, name := range names {
		if value := strings.TrimSpace(f[name]); value != "" {
			return value
		}
	}
	return ""
}

// some returns those of some fields that say something.
func (f fields) some(names ...string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		if value := strings.TrimSpace(f[name]); value != "" {
			out[name] = value
		}
	}
	return out
}

// below returns the fields of an object within.
func (f fields) below(prefix string) map[string]string {
	out := map[string]string{}
	for name, value := range f {
		if rest, ok := strings.CutPrefix(name, prefix+"."); ok && value != "" {
			out[rest] = value
		}
	}
	return out
}

// listed parts a text at its commas, up to so many items.
func listed(text string, most int) (items []string) {
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" && len(items) < most {
			items = append(items, item)
		}
	}
	return items
}

// joined joins what is not empty.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

// alias joins what tells an alert from others; without any of it there is no alias.
func alias(parts ...string) string { return joined("/", parts...) }

// priority returns the priority that a text names, as "P1"; 0: it names none.
func priority(text string) core.Priority {
	p, err := core.ParsePriority(strings.ToUpper(strings.TrimSpace(text)))
	if err != nil || strings.TrimSpace(text) == "" {
		return 0
	}
	return p
}
