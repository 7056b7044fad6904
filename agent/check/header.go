package check

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Headers makes the head of a request from the values of a TypePairs field named
// headers. A configured Host, which is no header to net/http, is returned apart; "" if
// there is none. What cannot be sent (RFC 9110, section 5) is an error, now and not at
// each run, where it would look as if the target were down.
func Headers(pairs map[string]string) (header http.Header, host string, err error) {
	token := regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	header = http.Header{"User-Agent": {"keng-agent"}}
	for name, value := range pairs {
		switch {
		case !token.MatchString(name) || strings.ContainsAny(value, "\r\n\x00"):
			return nil, "", fmt.Errorf("headers: %q is not a valid header", name)
		case strings.EqualFold(name, "Host"):
			host = value
		default:
			header.Set(name, value)
		}
	}
	return header, host, nil
}
