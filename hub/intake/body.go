package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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
		return nil, core.Invalid("body", fmt.Sprintf("is larger than %d MiB", BodyMax>>20))
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
	w := flattener{out: fields{}, left: state.PayloadBytesMax / 2, leavesOut: f.leavesOut, secret: secret, known: map[string]bool{}}
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
	out       fields
	left      int                    // bytes for which there is room
	leavesOut func(name string) bool // as [Format.leavesOut]
	secret    string
	known     map[string]bool
}

// names returns the names of an object within another, known ones first.
func (w *flattener) names(at string, object map[string]any) []string {
	var known, others []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		switch {
		case len(at)+len(name) > nameMax: // no template could name it
		case w.known[at+name]:
			known = append(known, name)
		default:
			others = append(others, name)
		}
	}
	return append(known, others...)
}

func (w *flattener) object(at string, object map[string]any, depth int) {
	if depth == depthMax || w.full() {
		return
	}
	var within []string
	for _, name := range w.names(at, object) {
		if depth == 0 && isSecret(name) || w.leavesOut != nil && !w.known[at+name] && w.leavesOut(name) {
			continue
		}
		switch object[name].(type) {
		case map[string]any, []any:
			within = append(within, name) // later: if room is short, what lies deep is left out
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
	return strings.HasSuffix(name, "_key") || strings.HasPrefix(name, "ssh_") ||
		slices.ContainsFunc([]string{"pass", "pwd", "secret", "token", "apikey", "api_key", "access_key", "private", "credential", "cookie"},
			func(s string) bool { return strings.Contains(name, s) })
}

// notLike returns what leaves all variables of an environment out but those in whose names there is a
// word, and of those what looks secret: a host's own variables may.
func notLike(word string) func(name string) bool {
	return func(name string) bool { return !strings.Contains(name, word) || looksSecret(name) }
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

// full reports whether there is room for no further field.
func (w *flattener) full() bool { return len(w.out) >= state.PayloadFieldsMax }

// put keeps a field if there is room.
func (w *flattener) put(name, value string) {
	value = alert.Cut(w.clean(value), alert.DescriptionMax)
	if n := len(name) + len(value); n <= w.left && !w.full() {
		w.left -= n
		w.out[name] = value
	}
}

func (w *flattener) clean(text string) string { return without(text, w.secret) }

// without takes the secret by which a body came out of a text. It goes before every cut: half a
// secret is found no more.
func without(text, secret string) string {
	if secret == "" || !strings.Contains(text, secret) {
		return text
	}
	return strings.ReplaceAll(text, secret, "[key]")
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

// aliasOf is alias for a tool that tells its alerts by bare numbers, with the tool's name before them:
// the aliases of all tools are one another's, and ticket 4711 of one may be event 4711 of another.
func aliasOf(tool string, parts ...string) string {
	if own := alias(parts...); own != "" {
		return alias(tool, own)
	}
	return ""
}

// fitAlias returns an alias that is not too long. Merely cut it could be another alert's, which would
// be closed with this one, so what is too long ends in a hash of the whole.
func fitAlias(whole string) string {
	if utf8.RuneCountInString(whole) <= alert.AliasMax {
		return whole
	}
	const hashed = 8 // bytes of the hash, two digits each
	sum := sha256.Sum256([]byte(whole))
	return alert.Cut(whole, alert.AliasMax-2*hashed) + fmt.Sprintf("%x", sum[:hashed])
}

// whoFields are what most scripts let one say of an alert: newer ones responders, older ones teams and recipients.
func whoFields() []Field {
	return []Field{
		{"tags", "tags between commas"}, {"responders", "who is to be told, by name or address, between commas"},
		{"teams", "which teams are to be told, in older scripts"}, {"recipients", "who is to be told, in older scripts"},
	}
}

// named returns whom a tool wants to be told, between commas.
func (f fields) named() string { return joined(",", f["responders"], f["teams"], f["recipients"]) }

// priority returns the priority that a text names, as "P1"; 0: it names none.
func priority(text string) core.Priority {
	p, err := core.ParsePriority(strings.ToUpper(strings.TrimSpace(text)))
	if err != nil || strings.TrimSpace(text) == "" {
		return 0
	}
	return p
}
