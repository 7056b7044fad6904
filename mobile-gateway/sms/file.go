package sms

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"keng/proto/channel"
)

// Provider is a provider's file.
//
// Texts may hold {{to}} (the number as Number has it), {{text}}, {{id}} (the page's id: the same
// if the same page is sent again, for providers that know repeats by it), {{sender}},
// {{unicode}} (1 if the text needs UCS-2, else 0) and {{secret.NAME}}. What is put in is
// escaped as its place demands, and never looked at for more of them.
type Provider struct {
	// Method is GET or POST (the default); URL begins with http:// or https://.
	Method string `yaml:"method"`
	URL    string `yaml:"url"`
	// Headers are sent besides those of the body and of Auth.
	Headers map[string]string `yaml:"headers"`
	Auth    Auth              `yaml:"auth"`
	// Secrets are texts by name, each the content of a file, without the white space around
	// it. A name that does not begin with / is looked for beside this file.
	Secrets map[string]string `yaml:"secrets"`
	// Form or JSON is the body: names with texts, or any tree of values.
	Form map[string]string `yaml:"form"`
	JSON any               `yaml:"json"`
	// Sender is the brand name or number that phones show, if the provider wants one.
	Sender string `yaml:"sender"`
	// Number says how numbers are written: e164 (+84901234567, the default), international
	// (84901234567) or national (0901234567), which needs Country.
	Number string `yaml:"number"`
	// Country is a country code such as "84".
	Country string `yaml:"country"`
	// Diacritics is strip (the default) or keep.
	Diacritics string `yaml:"diacritics"`
	// Without are characters that the provider takes not; spaces stand in for them.
	Without string `yaml:"without"`
	// Parts is of how many parts a message may be: 1 to 6, default 2.
	Parts int `yaml:"parts"`
	// Timeout bounds one request: 1s to 15s, default 8s.
	Timeout time.Duration `yaml:"timeout"`
	// PerSecond bounds the messages a second; 0 does not.
	PerSecond float64 `yaml:"per_second"`
	// Success says which answers mean that the message was taken. All that is named must hold;
	// nothing named: any status from 200 to 299.
	Success Test `yaml:"success"`
	// ID is the JSON pointer (RFC 6901) to the provider's name for the message.
	ID string `yaml:"id"`
	// Words is the JSON pointer to what the provider says about a failure.
	Words string `yaml:"words"`
	// Failures say what answers mean that are no success: the first that holds. None holds: 401
	// and 403 are misconfigured, 429 overloaded, 500 and above unavailable, all else refused.
	Failures []Failure `yaml:"failures"`
}

// Auth signs in: at most one of them.
type Auth struct {
	Basic  *Basic `yaml:"basic"`
	Bearer string `yaml:"bearer"`
}

// Basic is a user with a password, RFC 7617.
type Basic struct {
	User     string `yaml:"user"`
	Password string `yaml:"password"`
}

// Test looks at an answer. What is not named does not count.
type Test struct {
	Status []int `yaml:"status"`
	// Pointer is a JSON pointer into the body; what it points to is one of Equals as text.
	Pointer string   `yaml:"pointer"`
	Equals  []string `yaml:"equals"`
	// Matches is a regular expression (RE2) for the body.
	Matches string `yaml:"matches"`
}

// Failure is what an answer means.
type Failure struct {
	Test    `yaml:",inline"`
	Failure channel.Failure `yaml:"failure"`
}

// fileMax bounds a provider's file and its secrets, in bytes.
const fileMax = 64 << 10

// Bounds and defaults of a provider's file.
const (
	partsDefault   = 2
	partsMax       = 6
	timeoutDefault = 8 * time.Second
	timeoutMax     = 15 * time.Second
)

// readBounded reads a small file.
func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, fileMax+1))
	if err == nil && len(text) > fileMax {
		err = fmt.Errorf("%s is larger than %d bytes: is it the right file?", file, fileMax)
	}
	return text, err
}

// load reads a provider's file and its secrets.
func load(entry Entry, client *http.Client) (*provider, error) {
	if entry.File == "" {
		return nil, errors.New("file is missing: name the provider's file")
	}
	text, err := readBounded(entry.File)
	if err != nil {
		return nil, fmt.Errorf("cannot read its file: %w", err)
	}
	file, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", entry.File, err)
	}
	secrets := map[string]string{}
	for name, path := range file.Secrets {
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(entry.File), path)
		}
		secret, err := readBounded(path)
		if err != nil {
			return nil, fmt.Errorf("cannot read the secret %s: %w", name, err)
		}
		if secrets[name] = strings.TrimSpace(string(secret)); secrets[name] == "" {
			return nil, fmt.Errorf("the secret %s is empty: %s", name, path)
		}
	}
	for _, prefix := range entry.Prefixes {
		if digits, plus := strings.CutPrefix(prefix, "+"); !plus || strings.Trim(digits, "0123456789") != "" {
			return nil, fmt.Errorf("a prefix is written like +84, not %q", prefix)
		}
	}
	return newProvider(entry, file, secrets, client)
}

// Parse reads a provider's file strictly: an unknown key is an error.
func Parse(text []byte) (Provider, error) {
	if len(text) > fileMax {
		return Provider{}, fmt.Errorf("it is larger than %d bytes", fileMax)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var p Provider
	if err := decoder.Decode(&p); err != nil {
		if err == io.EOF {
			err = errors.New("it is empty")
		}
		return Provider{}, errors.New(strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), " in type sms.", " in "))
	}
	p.defaults()
	return p, p.check()
}

func (p *Provider) defaults() {
	for field, value := range map[*string]string{&p.Method: http.MethodPost, &p.Number: "e164", &p.Diacritics: "strip"} {
		if *field == "" {
			*field = value
		}
	}
	if p.Parts == 0 {
		p.Parts = partsDefault
	}
	if p.Timeout == 0 {
		p.Timeout = timeoutDefault
	}
}

// check refuses what could not work.
func (p *Provider) check() error {
	u, err := url.Parse(p.sample(p.URL))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("url begins with http:// or https:// and names a host")
	case strings.Contains(u.Host, sampleText) || u.User != nil:
		return errors.New("url: the host is fixed, and user and password stand in auth")
	case p.Method != http.MethodGet && p.Method != http.MethodPost:
		return fmt.Errorf("method is GET or POST, not %q", p.Method)
	case p.Form != nil && p.JSON != nil:
		return errors.New("the body is a form or json, not both")
	case p.Method == http.MethodGet && (p.Form != nil || p.JSON != nil):
		return errors.New("a GET has no body: put it into the url")
	case p.Auth.Basic != nil && p.Auth.Bearer != "":
		return errors.New("auth is basic or bearer, not both")
	case !slices.Contains([]string{"e164", "international", "national"}, p.Number):
		return fmt.Errorf("number is e164, international or national, not %q", p.Number)
	case p.Number == "national" && (p.Country == "" || strings.Trim(p.Country, "0123456789") != ""):
		return errors.New(`national numbers need the country's code, such as country: "84"`)
	case p.Diacritics != "strip" && p.Diacritics != "keep":
		return fmt.Errorf("diacritics is strip or keep, not %q", p.Diacritics)
	case p.Parts < 1 || p.Parts > partsMax:
		return fmt.Errorf("parts is 1 to %d", partsMax)
	case p.Timeout < time.Second || p.Timeout > timeoutMax:
		return fmt.Errorf("timeout is 1s to %s", timeoutMax)
	case p.PerSecond < 0 || p.PerSecond > 1000:
		return errors.New("per_second is 0 to 1000")
	}
	if err := p.checkTests(); err != nil {
		return err
	}
	return p.checkTemplates()
}

// mayBe are the failures that an answer may mean.
func mayBe() []channel.Failure {
	return []channel.Failure{channel.DeadContact, channel.Refused, channel.Overloaded, channel.Unavailable, channel.Misconfigured}
}

func (p *Provider) checkTests() error {
	tests := []Test{p.Success, {Pointer: p.ID, Equals: []string{""}}, {Pointer: p.Words, Equals: []string{""}}}
	for _, f := range p.Failures {
		if !slices.Contains(mayBe(), f.Failure) {
			return fmt.Errorf("a failure is one of %q, not %q", mayBe(), f.Failure)
		}
		if f.Status == nil && f.Pointer == "" && f.Matches == "" {
			return fmt.Errorf("the failure %s needs status, pointer or matches", f.Failure)
		}
		tests = append(tests, f.Test)
	}
	for _, t := range tests {
		if t.Pointer != "" && !strings.HasPrefix(t.Pointer, "/") {
			return fmt.Errorf("a pointer begins with /, unlike %q", t.Pointer)
		}
		if t.Pointer != "" && len(t.Equals) == 0 || t.Pointer == "" && len(t.Equals) > 0 && t.Equals[0] != "" {
			return errors.New("pointer and equals go together")
		}
		if _, err := regexp.Compile(t.Matches); err != nil {
			return fmt.Errorf("matches: %w", err)
		}
	}
	return nil
}
