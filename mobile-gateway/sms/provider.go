package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"keng/proto/channel"
)

const (
	// answerMax is how many bytes of an answer are looked at.
	answerMax = 64 << 10
	// rateWait is how long a message waits at most for its turn; beyond that the provider
	// is overloaded, and the next one, or the person's next method, comes (P5).
	rateWait = 2 * time.Second
)

// provider is a provider that can be asked.
type provider struct {
	name     string
	prefixes []string
	file     Provider
	secrets  map[string]string
	client   *http.Client
	success  test
	failures []judgement

	mu   sync.Mutex
	next time.Time // when the next message may go, if there is a rate
}

// test is a [Test] made ready.
type test struct {
	Test
	matches *regexp.Regexp
}

type judgement struct {
	test
	failure channel.Failure
}

func newProvider(entry Entry, file Provider, secrets map[string]string, client *http.Client) (*provider, error) {
	p := &provider{name: entry.Name, prefixes: entry.Prefixes, file: file, secrets: secrets, client: client}
	var err error
	if p.success, err = file.Success.ready(); err != nil {
		return nil, err
	}
	for _, f := range file.Failures {
		t, err := f.ready()
		if err != nil {
			return nil, err
		}
		p.failures = append(p.failures, judgement{t, f.Failure})
	}
	return p, nil
}

func (t Test) ready() (out test, err error) {
	out.Test = t
	if t.Matches != "" {
		out.matches, err = regexp.Compile(t.Matches)
	}
	return out, err
}

// outcome is what became of one message with one provider.
type outcome struct {
	id      string          // the provider's name for what it took
	failure channel.Failure // "" if it took it
	words   string
	unsent  bool // it has surely not taken the message, and another provider may
}

// send asks the provider once.
func (p *provider) send(ctx context.Context, page channel.Page) outcome {
	if !p.turn(ctx) {
		return outcome{failure: channel.Overloaded, words: "over the rate that per_second allows", unsent: true}
	}
	request, err := p.request(page)
	if err != nil {
		return outcome{failure: channel.Misconfigured, words: err.Error(), unsent: true}
	}
	bounded, cancel := context.WithTimeout(ctx, p.file.Timeout)
	defer cancel()
	response, err := p.client.Do(request.WithContext(bounded))
	if err != nil {
		return p.unanswered(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerMax))
	if err != nil {
		return outcome{failure: channel.Unavailable, words: "the answer was cut short: " + p.mask(err.Error())}
	}
	return p.judge(response.StatusCode, body)
}

// request makes the request for a page.
func (p *provider) request(page channel.Page) (*http.Request, error) {
	text, unicode := compose(page, &p.file)
	v := values{"to": p.file.written(page.Address), "text": text, "id": headerText(page.ID), "sender": p.file.Sender, "unicode": "0"}
	if unicode {
		v["unicode"] = "1"
	}
	for name, secret := range p.secrets {
		v["secret."+name] = secret
	}
	return p.file.request(v)
}

// written is a number as the provider wants it.
func (p *Provider) written(number string) string {
	digits := strings.TrimPrefix(number, "+")
	switch p.Number {
	case "international":
		return digits
	case "national":
		if home, ok := strings.CutPrefix(digits, p.Country); ok {
			return "0" + home
		}
		return "00" + digits
	}
	return number
}

// turn waits for the message's turn, if the provider has a rate.
func (p *provider) turn(ctx context.Context) bool {
	if p.file.PerSecond == 0 {
		return true
	}
	p.mu.Lock()
	now := time.Now()
	at := p.next
	if at.Before(now) {
		at = now
	}
	if at.Sub(now) > rateWait {
		p.mu.Unlock()
		return false
	}
	p.next = at.Add(time.Duration(float64(time.Second) / p.file.PerSecond))
	p.mu.Unlock()
	wait := time.NewTimer(at.Sub(now))
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// unanswered is the outcome of a request that had no answer. Only where no connection came to
// be is it sure that the provider has not taken it.
func (p *provider) unanswered(err error) outcome {
	dial := false
	if op, ok := errors.AsType[*net.OpError](err); ok {
		dial = op.Op == "dial"
	}
	words := p.mask(err.Error())
	if errors.Is(err, context.DeadlineExceeded) {
		words = fmt.Sprintf("did not answer within %v; it may have taken the message", p.file.Timeout)
	}
	return outcome{failure: channel.Unavailable, words: words, unsent: dial}
}

// judge says what an answer means.
func (p *provider) judge(status int, body []byte) outcome {
	var tree any
	parsed := json.Unmarshal(body, &tree) == nil
	if !parsed {
		tree = nil
	}
	ok := status >= 200 && status <= 299
	if !p.success.empty() {
		ok = p.success.holds(status, body, tree)
	}
	if ok {
		id, _ := point(tree, p.file.ID)
		return outcome{id: oneLine(id, detailMax)}
	}
	said, _ := point(tree, p.file.Words)
	if said == "" {
		said = string(body[:min(len(body), 4*detailMax)])
	}
	words := p.mask(oneLine(strings.TrimSpace("HTTP "+strconv.Itoa(status)+" "+said), detailMax))
	for _, j := range p.failures {
		if j.holds(status, body, tree) {
			return outcome{failure: j.failure, words: words, unsent: j.failure != channel.DeadContact && j.failure != channel.Refused}
		}
	}
	failure := channel.Refused
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		failure = channel.Misconfigured
	case status == http.StatusTooManyRequests:
		failure = channel.Overloaded
	case status >= 500 || status < 200:
		failure = channel.Unavailable
	}
	return outcome{failure: failure, words: words, unsent: failure != channel.Refused}
}

// mask takes secrets out of a text.
func (p *provider) mask(text string) string {
	for name, secret := range p.secrets {
		text = strings.ReplaceAll(text, secret, "{{secret."+name+"}}")
	}
	return text
}

func (t *test) empty() bool { return t.Status == nil && t.Pointer == "" && t.matches == nil }

// holds reports whether all that the test names holds of an answer.
func (t *test) holds(status int, body []byte, tree any) bool {
	if t.Status != nil && !slices.Contains(t.Status, status) {
		return false
	}
	if t.Pointer != "" {
		value, there := point(tree, t.Pointer)
		if !there || !slices.Contains(t.Equals, value) {
			return false
		}
	}
	return t.matches == nil || t.matches.Match(body)
}

// point returns what a JSON pointer (RFC 6901) points to, as text.
func point(tree any, pointer string) (text string, there bool) {
	if pointer == "" {
		return "", false
	}
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch t := tree.(type) {
		case map[string]any:
			tree, there = t[token]
			if !there {
				return "", false
			}
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(t) {
				return "", false
			}
			tree = t[i]
		default:
			return "", false
		}
	}
	switch t := tree.(type) {
	case string:
		return t, true
	case float64:
		return strconv.FormatFloat(t, 'f', -1, 64), true
	case bool:
		return strconv.FormatBool(t), true
	}
	return "", false
}
