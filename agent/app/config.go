package app

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"keng/agent/check"
	"keng/agent/check/all"
)

// Config says what an agent checks. [ParseConfig] reads it from YAML.
type Config struct {
	// Site is the place where the agent is: part of every alert's alias.
	Site   string
	Checks []CheckConfig
	// Probes are hosts ("host" or "host:port") that answer while the agent's own
	// network works. Nil is the default gateway, if it can be known; empty is none.
	Probes []string
	// ProbeEvery is how often they are asked. Default 30 s.
	ProbeEvery time.Duration
	// Spool says where events wait for the hub, and how many.
	Spool SpoolConfig

	lines map[string]int // of its keys, if it was read from a file
}

// SpoolConfig says where events wait for the hub, and how many. Zero values are defaults.
type SpoolConfig struct {
	Mode  string        // disk (default), or ram: for flash memory that wears out
	Bytes int64         // 1 MiB to 1 GiB; default 16 MiB
	Age   time.Duration // 1 h to 10 years; default 30 days
}

// CheckConfig is one check.
type CheckConfig struct {
	Name   string // unique within the agent
	Kind   string // see package all
	Target string // what a target is, depends on the kind
	// Every is from one run to the next: 100 ms to 24 h. Default 1 min.
	Every time.Duration
	// Timeout bounds a run: 10 ms to 5 min. Default 10 s.
	Timeout time.Duration
	// FailAfter of the last Of runs must fail. Default 2, in a row.
	FailAfter, Of int
	// RecoverAfter good runs in a row recover it. Default 1.
	RecoverAfter int
	// For is how long it must have been failing, up to 24 h. Default 0.
	For      time.Duration
	Priority string       // P1 to P5. Default P3
	Team     string       // the responding team's name; may be empty
	Values   check.Values // the kind's own fields

	lines map[string]int
}

// The bounds of a configuration.
const (
	checksMax     = 2000
	probesMax     = 16
	nameMax       = 100 // bytes of a name
	targetMax     = 2048
	everyMin      = 100 * time.Millisecond
	everyMax      = 24 * time.Hour
	everyDefault  = time.Minute
	timeoutMin    = 10 * time.Millisecond
	timeoutMax    = 5 * time.Minute
	timeoutUsual  = 10 * time.Second
	failAfterMax  = 100
	priorityUsual = "P3"
)

// target is a check that is ready to run.
type target struct {
	CheckConfig
	check check.Check
	shown string // the target, without a password
	// fromHub says that the hub has told it, overrides that the hub has one of that name.
	fromHub, overrides bool
}

// build checks everything and makes the checks. The error joins all that is wrong,
// one sentence each.
func (c *Config) build() ([]*target, error) {
	var problems []error
	complain := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s%s: %s", at(c.lines, key), key, fmt.Sprintf(format, args...)))
	}
	// An agent whose checks come from the hub learns its site there, too.
	if err := checkName(c.Site); err != nil && (c.Site != "" || len(c.Checks) > 0) {
		complain("site", "%v", err)
	}
	for key, problem := range c.Spool.problems() {
		complain("spool", "%s: %s", key, problem)
	}
	if len(c.Checks) > checksMax {
		complain("checks", "there are %d, and at most %d are allowed; use another agent", len(c.Checks), checksMax)
	}
	if len(c.Probes) > probesMax {
		complain("probes", "there are %d, and at most %d are allowed", len(c.Probes), probesMax)
	}
	for i, probe := range c.Probes {
		if err := checkProbe(probe); err != nil || slices.Contains(c.Probes[:i], probe) {
			complain("probes", "%q is no host or host:port, or is named twice", probe)
		}
	}
	if c.ProbeEvery != 0 && (c.ProbeEvery < everyMin || c.ProbeEvery > everyMax) {
		complain("probe_every", "%s is out of bounds; give %s to %s", c.ProbeEvery, everyMin, everyMax)
	}
	seen := map[string]bool{}
	var targets []*target
	for i := range c.Checks {
		config := c.Checks[i].withDefaults()
		if seen[config.Name] {
			problems = append(problems, config.problem("name", "another check has the same name; names must be unique"))
		}
		seen[config.Name] = true
		target, err := config.build()
		problems = append(problems, err)
		targets = append(targets, target)
	}
	return targets, errors.Join(problems...)
}

// The bounds of a spool's configuration.
const (
	spoolBytesMin, spoolBytesMax = 1 << 20, 1 << 30
	spoolAgeMin, spoolAgeMax     = time.Hour, 10 * 366 * 24 * time.Hour
)

// problems finds what is wrong, by key.
func (s SpoolConfig) problems() map[string]string {
	problems := map[string]string{}
	if s.Mode != "" && s.Mode != spoolDisk && s.Mode != spoolRAM {
		problems["mode"] = fmt.Sprintf("there is no mode %q; give disk or ram", s.Mode)
	}
	if s.Bytes != 0 && (s.Bytes < spoolBytesMin || s.Bytes > spoolBytesMax) {
		problems["bytes"] = "is out of bounds; give 1MiB to 1GiB"
	}
	if s.Age != 0 && (s.Age < spoolAgeMin || s.Age > spoolAgeMax) {
		problems["age"] = fmt.Sprintf("%s is out of bounds; give %s to %s", s.Age, spoolAgeMin, spoolAgeMax)
	}
	return problems
}

// withDefaults fills in what is left out.
func (c CheckConfig) withDefaults() CheckConfig {
	if c.Every == 0 {
		c.Every = everyDefault
	}
	if c.Timeout == 0 {
		c.Timeout = timeoutUsual
	}
	if c.FailAfter == 0 {
		c.FailAfter = 2
	}
	if c.Of == 0 {
		c.Of = c.FailAfter
	}
	if c.RecoverAfter == 0 {
		c.RecoverAfter = 1
	}
	if c.Priority == "" {
		c.Priority = priorityUsual
	}
	return c
}

// build checks one check and makes it.
func (c CheckConfig) build() (*target, error) {
	problems := c.problems()
	kind, known := all.Find(c.Kind)
	switch {
	case c.Kind == "":
		problems = append(problems, c.problem("kind", "is missing; give one of %s", kindNames()))
	case !known:
		problems = append(problems, c.problem("kind", "there is no kind %q; give one of %s", c.Kind, kindNames()))
	}
	if len(problems) > 0 || !known {
		return nil, errors.Join(problems...)
	}
	values, err := check.Complete(kind.Describe().Fields, c.Values)
	if err != nil {
		return nil, c.wrap(err)
	}
	made, err := kind.New(c.Target, values)
	if err != nil {
		return nil, c.wrap(err)
	}
	return &target{CheckConfig: c, check: made, shown: check.Redact(c.Target)}, nil
}

// problems finds what is wrong with the fields that every check has.
func (c CheckConfig) problems() []error {
	var problems []error
	bad := func(wrong bool, key, format string, args ...any) {
		if wrong {
			problems = append(problems, c.problem(key, format, args...))
		}
	}
	if err := checkName(c.Name); err != nil {
		bad(true, "name", "%v", err)
	}
	bad(c.Target == "", "target", "is missing")
	bad(len(c.Target) > targetMax || !utf8.ValidString(c.Target), "target", "is longer than %d bytes, or not UTF-8", targetMax)
	bad(c.Every < everyMin || c.Every > everyMax, "every", "%s is out of bounds; give %s to %s", c.Every, everyMin, everyMax)
	bad(c.Timeout < timeoutMin || c.Timeout > timeoutMax, "timeout", "%s is out of bounds; give %s to %s", c.Timeout, timeoutMin, timeoutMax)
	bad(c.For < 0 || c.For > everyMax, "for", "%s is out of bounds; give 0s to %s", c.For, everyMax)
	bad(c.FailAfter < 1 || c.FailAfter > failAfterMax, "fail_after", "%d is out of bounds; give 1 to %d", c.FailAfter, failAfterMax)
	bad(c.RecoverAfter < 1 || c.RecoverAfter > failAfterMax, "recover_after", "%d is out of bounds; give 1 to %d", c.RecoverAfter, failAfterMax)
	bad(c.Of < c.FailAfter || c.Of > failAfterMax, "of", "%d is out of bounds; give fail_after (%d) to %d", c.Of, c.FailAfter, failAfterMax)
	bad(c.For > 0 && c.Of > c.FailAfter, "for", "cannot be used together with of: a good run begins the time anew")
	bad(len(c.Priority) != 2 || c.Priority[0] != 'P' || c.Priority[1] < '1' || c.Priority[1] > '5', "priority", "%q is none; give P1 (gravest) to P5", c.Priority)
	bad(len(c.Team) > nameMax || !utf8.ValidString(c.Team), "team", "is longer than %d bytes, or not UTF-8", nameMax)
	return problems
}

// problem is a sentence about one key of the check.
func (c CheckConfig) problem(key, format string, args ...any) error {
	name := c.Name
	if name == "" {
		name = "without a name"
	}
	return fmt.Errorf("%scheck %s: %s: %s", at(c.lines, key), name, key, fmt.Sprintf(format, args...))
}

// wrap says of a kind's error, which begins with the name of a field, where it is.
func (c CheckConfig) wrap(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var problems []error
		for _, each := range joined.Unwrap() {
			problems = append(problems, c.wrap(each))
		}
		return errors.Join(problems...)
	}
	key, rest, _ := strings.Cut(err.Error(), ": ")
	return c.problem(key, "%s", rest)
}

// at says in which line a key is, or the nearest thing known.
func at(lines map[string]int, key string) string {
	line := lines[key]
	if line == 0 {
		line = lines[""]
	}
	if line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", line)
}

// checkName bounds the name of a site or a check. It has no slash, because the two
// are joined by one.
func checkName(name string) error {
	if name == "" {
		return errors.New("is missing; give a short name")
	}
	if len(name) > nameMax {
		return fmt.Errorf("is longer than %d bytes", nameMax)
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r) && !strings.ContainsRune(" ._-", r) {
			return fmt.Errorf("%q has a character that names cannot have; use letters, digits, space and . _ -", name)
		}
	}
	if strings.TrimSpace(name) != name {
		return fmt.Errorf("%q begins or ends with a space", name)
	}
	return nil
}

// checkProbe reports whether a probe is "host" or "host:port".
func checkProbe(probe string) error {
	if strings.ContainsAny(probe, " /\t") || probe == "" || len(probe) > 300 {
		return errors.New("not a host")
	}
	if net.ParseIP(probe) == nil && strings.Contains(probe, ":") {
		_, _, err := net.SplitHostPort(probe)
		return err
	}
	return nil
}

// kindNames lists the kinds for an error.
func kindNames() string {
	var names []string
	for _, kind := range all.Kinds() {
		names = append(names, kind.Describe().Name)
	}
	return strings.Join(names, ", ")
}
