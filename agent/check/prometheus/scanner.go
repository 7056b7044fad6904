package prometheus

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanner reads a condition from left to right. Its methods return a problem in
// words, empty if there is none; at then is where the problem lies.
type scanner struct {
	text string
	at   int
}

func (s *scanner) condition() (*Condition, string) {
	if len(s.text) > conditionMax {
		return nil, "the condition is longer than " + strconv.Itoa(conditionMax) + " bytes"
	}
	if !utf8.ValidString(s.text) {
		return nil, "the condition is not UTF-8"
	}
	c := &Condition{}
	s.space()
	if c.metric = s.name(true); c.metric == "" {
		return nil, "expected the name of a metric, such as node_load1"
	}
	s.space()
	if s.take("{") {
		var problem string
		if c.matchers, problem = s.matchers(); problem != "" {
			return nil, problem
		}
		s.space()
	}
	if c.operator = s.oneOf("<=", ">=", "==", "!=", "<", ">"); c.operator == "" {
		return nil, "expected a comparison: one of < <= > >= == !="
	}
	s.space()
	bound, problem := s.number()
	if problem != "" {
		return nil, problem
	}
	c.bound = bound
	s.space()
	if s.at < len(s.text) {
		return nil, "expected the end: a condition is one comparison with one number"
	}
	return c, ""
}

// matchers reads what follows the opening brace, up to and with the closing one.
func (s *scanner) matchers() ([]matcher, string) {
	var list []matcher
	for {
		s.space()
		if s.take("}") {
			return list, ""
		}
		if len(list) == matchersMax {
			return nil, "more than " + strconv.Itoa(matchersMax) + " matchers"
		}
		m, problem := s.matcher()
		if problem != "" {
			return nil, problem
		}
		list = append(list, m)
		s.space()
		if s.take("}") {
			return list, ""
		}
		if !s.take(",") {
			return nil, `expected "," or "}" after a matcher`
		}
	}
}

func (s *scanner) matcher() (matcher, string) {
	var m matcher
	if m.label = s.name(false); m.label == "" {
		return m, "expected the name of a label"
	}
	s.space()
	if m.operator = s.oneOf("=~", "!~", "!=", "="); m.operator == "" {
		return m, "expected one of = != =~ !~ after a label"
	}
	s.space()
	start := s.at
	value, problem := s.quoted()
	if problem != "" {
		return m, problem
	}
	if m.value = value; !utf8.ValidString(value) {
		s.at = start
		return m, "this string is not UTF-8"
	}
	if strings.HasSuffix(m.operator, "~") {
		// It must stand alone before it is wrapped: "a)(b" would slip through.
		_, err := regexp.Compile(value)
		if err == nil {
			m.pattern, err = regexp.Compile("^(?s:" + value + ")$")
		}
		if err != nil {
			s.at = start
			return m, "this is not a regular expression (RE2): " + err.Error()
		}
	}
	return m, ""
}

// name reads the name of a metric or, without colons, of a label. It returns "" and stays if there is none.
func (s *scanner) name(colons bool) string {
	end := s.at
	for end < len(s.text) {
		c := s.text[end]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || colons && c == ':'
		digit := c >= '0' && c <= '9' && end > s.at
		if !letter && !digit {
			break
		}
		end++
	}
	name := s.text[s.at:end]
	s.at = end
	return name
}

// quoted reads a string in double quotes, single quotes or backticks.
func (s *scanner) quoted() (string, string) {
	if s.at == len(s.text) || !strings.ContainsRune("\"'`", rune(s.text[s.at])) {
		return "", "expected a string in quotes"
	}
	quote := s.text[s.at]
	var value strings.Builder
	rest := s.text[s.at+1:]
	for rest != "" {
		if rest[0] == quote {
			s.at = len(s.text) - len(rest) + 1
			return value.String(), ""
		}
		if quote == '`' {
			value.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		char, multibyte, tail, err := strconv.UnquoteChar(rest, quote)
		if err != nil {
			s.at = len(s.text) - len(rest)
			return "", "this escape in the string is not known"
		}
		if multibyte {
			value.WriteRune(char)
		} else {
			value.WriteByte(byte(char))
		}
		rest = tail
	}
	return "", "this string has no closing quote"
}

// number reads a number as Go and Prometheus write it: 8, 1e9, 0.5, Inf.
func (s *scanner) number() (float64, string) {
	end := s.at
	for end < len(s.text) && !isSpace(s.text[end]) {
		end++
	}
	value, err := strconv.ParseFloat(s.text[s.at:end], 64)
	if err != nil {
		return 0, "expected a number, such as 0.9 or 1e9"
	}
	s.at = end
	return value, ""
}

// take passes over the token and reports whether it was there.
func (s *scanner) take(token string) bool {
	if !strings.HasPrefix(s.text[s.at:], token) {
		return false
	}
	s.at += len(token)
	return true
}

// oneOf takes the first of the tokens that is there, or returns "".
func (s *scanner) oneOf(tokens ...string) string {
	for _, token := range tokens {
		if s.take(token) {
			return token
		}
	}
	return ""
}

func (s *scanner) space() {
	for s.at < len(s.text) && isSpace(s.text[s.at]) {
		s.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
