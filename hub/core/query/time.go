package query

import (
	"strconv"
	"strings"
	"time"

	"keng/hub/core/clocks"
)

// A time is written more or less precisely: as a moment or as a whole second or day.
// It is a span, and comparisons are made with its ends: what is after a day is after
// its last moment.

// time makes the node of a comparison with a time.
func (p *parser) time(field *Field, how op, value pattern, from, to int) (node, error) {
	begin, end, err := p.span(value.text(), from, to)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(value.text(), "now") && (p.next('-') || p.next('+')) { // else "now - 2h" is now, and the text "2h"
		return nil, p.failHere("there is no space in a time: write now-2h")
	}
	at := func(how op, ms int64) *term { return &term{field: field, op: how, number: ms} }
	if end == begin+1 {
		return p.counted(at(how, begin), from)
	}
	switch how {
	case less, atLeast:
		return p.counted(at(how, begin), from)
	case atMost:
		return p.counted(at(less, end), from)
	case greater:
		return p.counted(at(atLeast, end), from)
	}
	if _, err := p.counted(at(atLeast, begin), from); err != nil {
		return nil, err
	}
	last, err2 := p.counted(at(less, end), from)
	if err2 != nil {
		return nil, err2
	}
	return allOf(at(atLeast, begin), last), nil
}

// span reads a time as the milliseconds [begin, end).
func (p *parser) span(text string, from, to int) (begin, end int64, err *Error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && -numberMax <= n && n <= numberMax {
		return n, n + 1, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		if t.Nanosecond() == 0 {
			return t.UnixMilli(), t.UnixMilli() + 1000, nil
		}
		return t.UnixMilli(), t.UnixMilli() + 1, nil
	}
	if t, err := time.Parse("2006-01-02T15:04Z07:00", text); err == nil {
		return t.UnixMilli(), t.Add(time.Minute).UnixMilli(), nil
	}
	if begin, end, ok := p.onWall(text); ok {
		return begin, end, nil
	}
	if t, ok := p.relative(text); ok {
		if p.options.Now.IsZero() {
			return 0, 0, p.fail(from, to, "there is no now here: write a date or Unix milliseconds")
		}
		return t.UnixMilli(), t.UnixMilli() + 1, nil
	}
	err = p.fail(from, to, "a time is expected: Unix milliseconds, 2026-01-31, 2026-01-31T08:00, 2026-01-31T08:00:00+07:00, or now-2h (m, h, d, w)")
	return 0, 0, err
}

// relative reads "now", or "now-2h" and the like: at most five digits, and one of the
// units s, m, h, d and w. Days and weeks keep the time of day, whatever the clocks do
// between.
func (p *parser) relative(text string) (t time.Time, ok bool) {
	if len(text) < 3 || !strings.EqualFold(text[:3], "now") {
		return t, false
	}
	now := p.options.Now.In(p.zone())
	if text = text[3:]; text == "" {
		return now, true
	}
	unit := len(text) - 1
	if text[0] != '-' && text[0] != '+' || unit > 6 {
		return t, false
	}
	n, err := strconv.Atoi(text[:unit])
	if err != nil {
		return t, false
	}
	switch text[unit] {
	case 's':
		return now.Add(time.Duration(n) * time.Second), true
	case 'm':
		return now.Add(time.Duration(n) * time.Minute), true
	case 'h':
		return now.Add(time.Duration(n) * time.Hour), true
	case 'd':
		return now.AddDate(0, 0, n), true
	case 'w':
		return now.AddDate(0, 0, 7*n), true
	}
	return t, false
}

func (p *parser) zone() *time.Location {
	if p.options.Zone == nil {
		return time.UTC
	}
	return p.options.Zone
}

// onWall reads a time without an offset, by the clocks of the zone: a day, a minute or a
// second. The letter T may be a space (in quotes, then). A time that clocks jump over is an
// empty span at the jump.
func (p *parser) onWall(text string) (begin, end int64, ok bool) {
	for _, form := range []struct {
		layout string
		days   int
		length time.Duration
	}{{time.DateOnly, 1, 0}, {"2006-01-02T15:04", 0, time.Minute}, {"2006-01-02T15:04:05", 0, time.Second}} {
		if t, err := time.Parse(form.layout, strings.Replace(text, " ", "T", 1)); err == nil {
			return p.first(t), p.first(t.AddDate(0, 0, form.days).Add(form.length)), true
		}
	}
	return 0, 0, false
}

// first returns the first moment at which clocks show a face, given as if it were UTC, or
// more, in Unix milliseconds. Where they jump over it that is the moment of the jump; where
// it comes twice, the first of the two.
func (p *parser) first(face time.Time) int64 {
	for at := face.Add(-26 * time.Hour).In(p.zone()); ; {
		_, offset := at.Zone()
		begin, end := clocks.Bounds(at)
		t := face.Add(-time.Duration(offset) * time.Second)
		if t.Before(begin) {
			t = begin
		}
		if end.IsZero() || t.Before(end) {
			return t.UnixMilli()
		}
		at = end
	}
}
