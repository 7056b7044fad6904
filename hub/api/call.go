package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
)

// call is one request at work. What is wrong with it is collected, to be told at once.
type call struct {
	r       *http.Request
	w       http.ResponseWriter
	params  map[string]string // of the path
	base    string            // scheme and host, for links
	key     *state.Key        // nil on a route for anyone
	load    *load             // what its key has under way, this request included; nil before that is known
	counts  bool              // there, and does not wait any more
	bytes   int64             // that it holds there
	strange int64             // bytes of the body, while it is not known by whom it comes
	seed    core.Seed         // identity of the command that this request leads to
	id      string            // request id
	raw     []byte            // the body as it came, once it is read
	bodyMax int64             // bytes that it may have
	secret  string            // by which the key is known: it goes nowhere
	values  url.Values        // of the query
	body    object
	wrong   map[string]string
	home    func() *time.Location // where times without an offset are
	now     func() time.Time
	turn    func(context.Context) (done func(), err error) // to search, asked for by who is about to
	room    func(most int64) error                         // for a body of at most so many bytes, asked for before it is read
}

// asker is who asks, and the identity of what is asked. Questions embed it.
type asker struct {
	key       *state.Key
	seed      core.Seed
	requestID string
}

func (c *call) asker() asker { return asker{key: c.key, seed: c.seed, requestID: c.id} }

// complaint returns all that is wrong with the request, nil if nothing is.
func (c *call) complaint() error {
	if len(c.wrong) == 0 {
		return nil
	}
	return &core.Error{Kind: core.Unacceptable, Words: "Request body is not processable. Please check the errors.", Fields: c.wrong}
}

// blame takes what an error says of fields over.
func (c *call) blame(err error) {
	if e, ok := errors.AsType[*core.Error](err); ok {
		maps.Copy(c.wrong, e.Fields)
	}
}

// readQuery reads the query. What net/url would pass over without a word (it takes a semicolon for a fault, which is
// none by RFC 3986) would have the call do something else than was asked for.
func (c *call) readQuery() (err error) {
	c.values, err = url.ParseQuery(strings.ReplaceAll(c.r.URL.RawQuery, ";", "%3B"))
	if err != nil {
		return malformed("The query of the URL is malformed: " + err.Error() + ".")
	}
	return nil
}

// query returns a parameter of the query, "" if absent.
func (c *call) query(name string) string {
	return strings.ToValidUTF8(c.values.Get(name), "\uFFFD")
}

// number returns a parameter that is a number from low to high.
func (c *call) number(name string, low, high, otherwise int) int {
	text := c.query(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		c.wrong[name] = fmt.Sprintf("must be a number from %d to %d", low, high)
		return otherwise
	}
	return n
}

// choice returns a parameter that is one of a few words, the first if it is absent.
func (c *call) choice(name string, words ...string) string {
	text := c.query(name)
	if text == "" {
		return words[0]
	}
	for _, w := range words {
		if strings.EqualFold(text, w) {
			return w
		}
	}
	c.wrong[name] = "must be one of: " + strings.Join(words, ", ")
	return words[0]
}

// identifierMax bounds an identifier, in code points. An alias is the longest.
const identifierMax = alert.AliasMax

// identifier returns a parameter of the path.
func (c *call) identifier(name string) string {
	id := c.params[name]
	if utf8.RuneCountInString(id) > identifierMax {
		c.wrong[name] = fmt.Sprintf("must have at most %d characters", identifierMax)
		return ""
	}
	return id
}

// alert returns which alert the path names.
func (c *call) alert() state.Ref { return c.alertBy("identifierType") }

// alertOfAttachments is alert, where the parameter has another name in Opsgenie's API; the usual one
// is understood as well.
func (c *call) alertOfAttachments() state.Ref {
	const name = "alertIdentifierType"
	if c.query(name) == "" {
		return c.alert()
	}
	return c.alertBy(name)
}

// alertBy is alert, where a parameter of that name says by what the alert is named.
func (c *call) alertBy(kind string) state.Ref {
	id := c.identifier("identifier")
	switch c.choice(kind, "id", "alias", "tiny") {
	case "alias":
		return state.Ref{Alias: id}
	case "tiny":
		n, _ := strconv.ParseUint(id, 10, 64) // no alert has the number 0
		return state.Ref{Tiny: n}
	}
	return state.Ref{ID: core.AlertID(id)}
}

// address returns the caller's network address, without the port.
func (c *call) address() string {
	host, _, err := net.SplitHostPort(c.r.RemoteAddr)
	if err != nil {
		return c.r.RemoteAddr
	}
	return host
}

// source returns where the caller says that it comes from, else the caller's address. One
// that is too long is cut: Alertmanager sends a URL that grows with its own address and
// the receiver's name, and for that no alert may be lost.
func (c *call) source() string { return sourceOf(c.given("source"), c.address()) }

func sourceOf(source, address string) string {
	if source == "" {
		return address
	}
	if runes := []rune(source); len(runes) > alert.SourceMax {
		return string(runes[:alert.SourceMax])
	}
	return source
}

// link returns the absolute URL of this request with some parameters of its query set
// otherwise, or left out if the value is empty. A key in the query is left out.
func (c *call) link(pairs ...string) string {
	q := url.Values{}
	for name, said := range c.values {
		if name != "apiKey" {
			q[name] = said
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	u := url.URL{Path: c.r.URL.Path, RawPath: c.r.URL.RawPath, RawQuery: q.Encode()}
	return c.base + u.String()
}

// limit complains about a text of the body that is too long, in code points.
func (c *call) limit(name, text string, most int) {
	if n := utf8.RuneCountInString(text); n > most {
		c.wrong[name] = fmt.Sprintf("%d characters are too many: at most %d are allowed.", n, most)
	}
}
