package route

import (
	"strings"
	"unicode/utf8"
)

// function is a function that templates may call on a text. To add one, add an entry to
// [functions].
type function struct {
	name  string
	usage string // as errors show it
	takes takes
	least int // arguments
	most  int
	// mends says that the result stands even for a name that is missing.
	mends bool
	apply func(s string, a []argument) string
}

// takes is what sort of arguments a function takes.
type takes uint8

const (
	takesTexts takes = iota
	takesNumbers
	takesPattern
)

// argument is an argument of a function: of the three, the one that it takes.
type argument struct {
	text    string
	number  int
	pattern *pattern
}

// functions are all that there are. All but the last are Opsgenie's string processing
// methods, of which toDate is left out: the moment of an event is not told by templates.
var functions = []function{
	{name: "toLowerCase", usage: "toLowerCase()", apply: func(s string, _ []argument) string { return strings.ToLower(s) }},
	{name: "toUpperCase", usage: "toUpperCase()", apply: func(s string, _ []argument) string { return strings.ToUpper(s) }},
	{name: "substring", usage: "substring(5) or .substring(5, 20)", takes: takesNumbers, least: 1, most: 2, apply: substring},
	{name: "substringAfter", usage: `substringAfter("Host")`, least: 1, most: 1, apply: func(s string, a []argument) string {
		_, after, _ := strings.Cut(s, a[0].text)
		return after
	}},
	{name: "substringBefore", usage: `substringBefore("@")`, least: 1, most: 1, apply: func(s string, a []argument) string {
		before, _, _ := strings.Cut(s, a[0].text)
		return before
	}},
	{name: "substringBetween", usage: `substringBetween("URL:", "(")`, least: 2, most: 2, apply: func(s string, a []argument) string {
		_, after, _ := strings.Cut(s, a[0].text)
		between, _, closed := strings.Cut(after, a[1].text)
		if !closed {
			return ""
		}
		return between
	}},
	{name: "extract", usage: `extract(/Host: (\S+)/)`, takes: takesPattern, least: 1, most: 1, apply: extract},
	{name: "orElse", usage: `orElse("unknown")`, least: 1, most: 1, mends: true, apply: func(s string, a []argument) string {
		if s == "" {
			return a[0].text
		}
		return s
	}},
}

// functionNamed returns the function of a name, nil if there is none.
func functionNamed(name string) *function {
	for i := range functions {
		if functions[i].name == name {
			return &functions[i]
		}
	}
	return nil
}

// functionNames names all functions.
func functionNames() string {
	var all []string
	for i := range functions {
		all = append(all, functions[i].name)
	}
	return strings.Join(all, ", ")
}

// substring returns the characters from one place, counted from 0 and included, to another,
// not included. What lies beyond the end is not there, and no fault.
func substring(s string, a []argument) string {
	from, to := a[0].number, utf8.RuneCountInString(s)
	if len(a) > 1 {
		to = a[1].number
	}
	if to <= from {
		return ""
	}
	s = cut(s, to)
	return s[len(cut(s, from)):]
}

// extract returns what the pattern's first group has found, or the whole that was found if
// it has no group; nothing if nothing was found.
func extract(s string, a []argument) string {
	found := a[0].pattern.FindStringSubmatch(s)
	if len(found) == 0 {
		return ""
	}
	return found[min(1, len(found)-1)]
}
