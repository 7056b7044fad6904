package sms

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// placeholder matches {{name}}.
var placeholder = regexp.MustCompile(`\{\{\s*([a-z_.A-Z0-9-]+)\s*\}\}`)

const (
	// requestMax bounds a request's body, and depthMax the depth of a tree of JSON.
	requestMax = 64 << 10
	depthMax   = 16
	// sampleText stands in for every placeholder while a file is checked.
	sampleText = "keng0sample"
)

// values are what placeholders stand for.
type values map[string]string

// fill puts values in, each escaped, in one pass: what was put in is not looked at again.
func (v values) fill(template string, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(template, func(found string) string {
		return escape(v[placeholder.FindStringSubmatch(found)[1]])
	})
}

func asIs(s string) string { return s }

// headerText is a text fit for a header's value.
func headerText(s string) string { return oneLine(s, 1000) }

// fillURL puts values into a URL: into its path as one segment, after the question mark as a value.
func (v values) fillURL(template string) string {
	path, query, asked := strings.Cut(template, "?")
	if !asked {
		return v.fill(path, url.PathEscape)
	}
	return v.fill(path, url.PathEscape) + "?" + v.fill(query, url.QueryEscape)
}

// fillTree puts values into the texts of a tree, of which JSON is made then.
func (v values) fillTree(tree any) any {
	switch t := tree.(type) {
	case string:
		return v.fill(t, asIs)
	case map[string]any:
		out := map[string]any{}
		for key, value := range t {
			out[key] = v.fillTree(value)
		}
		return out
	case []any:
		out := make([]any, len(t))
		for i, value := range t {
			out[i] = v.fillTree(value)
		}
		return out
	}
	return tree
}

// body makes the body of a request and says its type; "" for none.
func (p *Provider) body(v values) (body []byte, kind string, err error) {
	switch {
	case p.Form != nil:
		form := url.Values{}
		for name, template := range p.Form {
			form.Set(name, v.fill(template, asIs))
		}
		body, kind = []byte(form.Encode()), "application/x-www-form-urlencoded"
	case p.JSON != nil:
		body, err = json.Marshal(v.fillTree(p.JSON))
		kind = "application/json"
	}
	if len(body) > requestMax {
		err = fmt.Errorf("the request is larger than %d bytes", requestMax)
	}
	return body, kind, err
}

// request makes the request that sends a message.
func (p *Provider) request(v values) (*http.Request, error) {
	body, kind, err := p.body(v)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(p.Method, v.fillURL(p.URL), strings.NewReader(string(body)))
	if err != nil {
		return nil, errors.New("the url cannot be read after its placeholders were filled in") // it may hold secrets
	}
	for name, template := range p.Headers {
		r.Header.Set(name, v.fill(template, headerText))
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("User-Agent", "keng-gateway")
	switch {
	case p.Auth.Basic != nil:
		r.SetBasicAuth(v.fill(p.Auth.Basic.User, asIs), v.fill(p.Auth.Basic.Password, asIs))
	case p.Auth.Bearer != "":
		r.Header.Set("Authorization", "Bearer "+v.fill(p.Auth.Bearer, headerText))
	}
	return r, nil
}

// sample fills every placeholder with something harmless.
func (p *Provider) sample(template string) string {
	return placeholder.ReplaceAllString(template, sampleText)
}

// checkTemplates refuses placeholders that nothing stands for, and files that send no text.
func (p *Provider) checkTemplates() error {
	known := map[string]bool{"to": true, "text": true, "id": true, "sender": true, "unicode": true}
	for name := range p.Secrets {
		known["secret."+name] = true
	}
	used := map[string]bool{}
	look := func(template string) error {
		for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
			if !known[m[1]] {
				return fmt.Errorf("nothing is known of {{%s}}: there are to, text, id, sender, unicode and secret.NAME", m[1])
			}
			used[m[1]] = true
		}
		if rest := placeholder.ReplaceAllString(template, ""); strings.Contains(rest, "{{") {
			return errors.New("there is a {{ that begins no placeholder")
		}
		return nil
	}
	templates := []string{p.URL, p.Auth.Bearer}
	if b := p.Auth.Basic; b != nil {
		templates = append(templates, b.User, b.Password)
	}
	for _, texts := range []map[string]string{p.Headers, p.Form} {
		for _, template := range texts {
			templates = append(templates, template)
		}
	}
	templates, err := textsOf(p.JSON, templates, 0)
	if err != nil {
		return err
	}
	for _, template := range templates {
		if err := look(template); err != nil {
			return err
		}
	}
	if !used["to"] || !used["text"] {
		return errors.New("the request must hold {{to}} and {{text}}")
	}
	if used["sender"] && p.Sender == "" {
		return errors.New("{{sender}} is used, but sender is not said")
	}
	return nil
}

// textsOf adds the texts of a tree to a list.
func textsOf(tree any, texts []string, depth int) ([]string, error) {
	if depth > depthMax {
		return nil, fmt.Errorf("json is deeper than %d", depthMax)
	}
	var err error
	switch t := tree.(type) {
	case string:
		texts = append(texts, t)
	case map[string]any:
		for _, value := range t {
			if texts, err = textsOf(value, texts, depth+1); err != nil {
				return nil, err
			}
		}
	case []any:
		for _, value := range t {
			if texts, err = textsOf(value, texts, depth+1); err != nil {
				return nil, err
			}
		}
	case nil, bool, int, int64, uint64, float64:
	default:
		return nil, errors.New("json holds maps with text keys, lists, texts, numbers, true, false and null")
	}
	return texts, nil
}
