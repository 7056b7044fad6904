package ical

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// A prop is a line of a calendar: NAME;PARAMETER=value:value.
type prop struct {
	line   int
	name   string // in capitals
	params map[string]string
	value  string // as it is written, escapes and all
}

// lines puts folded lines together and takes them apart.
type lines struct {
	r      *bufio.Reader
	limits Limits
	read   int // bytes so far
	number int // of the physical line that was read last
}

func newLines(r io.Reader, l Limits) *lines {
	return &lines{r: bufio.NewReader(r), limits: l}
}

// next returns the next line that is not empty; io.EOF at the end. Of lines that nobody here
// looks at, only the name is told.
func (l *lines) next() (prop, error) {
	for {
		text, line, err := l.unfolded()
		if err != nil {
			return prop{}, err
		}
		if len(bytes.TrimSpace(text)) > 0 {
			return l.parse(text, line)
		}
	}
}

// unfolded returns one line as it was before it was folded, at most one byte more than the limit of
// it, and the number of its first physical line.
func (l *lines) unfolded() (text []byte, line int, err error) {
	line = l.number + 1
	text, err = l.physical(nil)
	for err == nil {
		after, peekErr := l.r.Peek(1)
		if peekErr != nil || after[0] != ' ' && after[0] != '\t' || len(text) == 0 {
			break
		}
		_, _ = l.r.Discard(1)
		l.read++
		text, err = l.physical(text)
	}
	if line == 1 {
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	return text, line, err
}

// physical appends the next physical line to text, without its end.
func (l *lines) physical(text []byte) ([]byte, error) {
	l.number++
	began := l.read
	for {
		part, err := l.r.ReadSlice('\n')
		l.read += len(part)
		if l.read > l.limits.Bytes {
			return nil, wrong(l.number, "the calendar is larger than %d bytes: export a shorter time, or fewer calendars", l.limits.Bytes)
		}
		part = bytes.TrimSuffix(bytes.TrimSuffix(part, []byte("\n")), []byte("\r"))
		if room := l.limits.Line + 1 - len(text); len(part) > room {
			part = part[:max(room, 0)]
		}
		text = append(text, part...)
		switch {
		case err == nil:
			return text, nil
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && l.read > began:
			return text, nil
		}
		return nil, err
	}
}

// parse takes a line apart.
func (l *lines) parse(text []byte, line int) (prop, error) {
	end := bytes.IndexAny(text, ":;")
	if end < 1 || !isName(text[:end]) {
		return prop{}, wrong(line, "%q is no line of a calendar: it has no name and colon", short(text))
	}
	p := prop{line: line, name: strings.ToUpper(string(text[:end]))}
	if !matters(p.name) {
		return p, nil
	}
	if len(text) > l.limits.Line {
		return p, wrong(line, "%s is longer than %d bytes", p.name, l.limits.Line)
	}
	rest := strings.ToValidUTF8(string(text[end:]), "\uFFFD")
	for strings.HasPrefix(rest, ";") {
		var name, value string
		var ok bool
		if name, value, rest, ok = parameter(rest[1:]); !ok {
			return p, wrong(line, "a parameter of %s cannot be read", p.name)
		}
		if p.params == nil {
			p.params = map[string]string{}
		}
		p.params[strings.ToUpper(name)] = value
	}
	if !strings.HasPrefix(rest, ":") {
		return p, wrong(line, "%s has no colon", p.name)
	}
	p.value = rest[1:]
	return p, nil
}

// parameter reads NAME=value, of several values the first, and returns what follows.
func parameter(s string) (name, value, rest string, ok bool) {
	name, rest, ok = strings.Cut(s, "=")
	if !ok || !isName([]byte(name)) {
		return "", "", "", false
	}
	for first := true; ; first = false {
		var v string
		if strings.HasPrefix(rest, `"`) {
			if v, rest, ok = strings.Cut(rest[1:], `"`); !ok {
				return "", "", "", false
			}
		} else if end := strings.IndexAny(rest, ",;:"); end >= 0 {
			v, rest = rest[:end], rest[end:]
		} else {
			return "", "", "", false
		}
		if first {
			value = v
		}
		if !strings.HasPrefix(rest, ",") {
			return name, value, rest, true
		}
		rest = rest[1:]
	}
}

func isName(s []byte) bool {
	for _, c := range s {
		if !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 100
}

// matters reports whether lines of a name are looked at.
func matters(name string) bool {
	switch name {
	case "BEGIN", "END", "METHOD", "X-WR-TIMEZONE", "TZID", "X-LIC-LOCATION", "TZOFFSETTO",
		"UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "SEQUENCE", "STATUS",
		"SUMMARY", "DESCRIPTION", "LOCATION", "ATTENDEE", "X-MICROSOFT-CDO-BUSYSTATUS":
		return true
	}
	return false
}

// short is the beginning of a text, to be told in an error.
func short(text []byte) string {
	if len(text) > 40 {
		return strings.ToValidUTF8(string(text[:40]), "") + "…"
	}
	return string(text)
}
