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
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return p.dayStart(t, 0), p.dayStart(t, 1), nil
	}
	if t, ok := p.relative(text); ok {
		if p.options.Now.IsZero() {
			return 0, 0, p.fail(from, to, "there is no now here: write a date or Unix milliseconds")
		}
		return t.UnixMilli(), t.UnixMilli() + 1, nil
	}
	err = p.fail(from, to, "a time is expected: Unix milliseconds, 2026-01-31, 2026-01-31T08:00:00+07:00, or now-2h (m, h, d, w)")
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

// dayStart returns the first moment of a day, some days later, in Unix milliseconds: the
// first at which clocks show midnight or more. Where they change at midnight, that may
// be another time than 00:00, or the first of two.
func (p *parser) dayStart(day time.Time, later int) int64 {
	midnight := day.AddDate(0, 0, later) // as if the zone were UTC
	for at := midnight.Add(-26 * time.Hour).In(p.zone()); ; {
		_, offset := at.Zone()
		begin, end := clocks.Bounds(at)
		t := midnight.Add(-time.Duration(offset) * time.Second)
		if t.Before(begin) {
			t = begin
		}
		if end.IsZero() || t.Before(end) {
			return t.UnixMilli()
		}
		at = end
	}
}
