package sms

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"keng/proto/channel"
)

// Preview returns the request that would be sent for a page, for people: secrets are
// masked, and nobody is asked.
func (c *Channel) Preview(page channel.Page) (string, error) {
	if !validNumber(page.Address) {
		return "", fmt.Errorf("%q is not a telephone number such as +84901234567", oneLine(page.Address, 40))
	}
	providers := c.providersFor(page.Address)
	if len(providers) == 0 {
		return "", errors.New("no SMS provider of this gateway is for numbers like this: see prefixes in gateway.yaml")
	}
	p := providers[0]
	secrets := map[string]string{}
	for name := range p.secrets {
		secrets[name] = "MASKED-" + name
	}
	masked := &provider{file: p.file, secrets: secrets}
	r, err := masked.request(page)
	if err != nil {
		return "", err
	}
	text, ucs2 := compose(page, &p.file)
	units, _ := size(text)
	alphabet := "GSM"
	if ucs2 {
		alphabet = "UCS-2"
	}
	return fmt.Sprintf("provider %s, %d characters (%s), at most %d parts\n%s", p.name, units, alphabet, p.file.Parts, shown(r)), nil
}

// shown is a request as text.
func shown(r *http.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Method, r.URL)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		value := r.Header.Get(name)
		if name == "Authorization" {
			scheme, _, _ := strings.Cut(value, " ")
			value = scheme + " MASKED"
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	if r.Body != nil {
		body, _ := io.ReadAll(io.LimitReader(r.Body, requestMax)) // of a string: it does not fail
		fmt.Fprintf(&b, "\n%s\n", body)
	}
	return b.String()
}
