package app

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"keng/agent/check"
	"keng/agent/check/all"
)

// configMax bounds a configuration file, in bytes.
const configMax = 1 << 20

// ReadConfig reads and checks a configuration file. The error names the file and,
// for each thing that is wrong, the line and what to do.
func ReadConfig(path string) (Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("cannot read the configuration: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, configMax+1))
	if err != nil {
		return Config{}, fmt.Errorf("cannot read the configuration: %w", err)
	}
	config, err := ParseConfig(data)
	if err != nil {
		return Config{}, fmt.Errorf("%s is not a configuration:\n%w", path, err)
	}
	return config, nil
}

// ParseConfig reads and checks a configuration in YAML. The error joins everything
// that is wrong.
func ParseConfig(data []byte) (Config, error) {
	if len(data) > configMax {
		return Config{}, fmt.Errorf("it is longer than %d bytes", configMax)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return Config{}, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return Config{}, errors.New("it is empty; give at least site and checks")
	}
	r := &reader{}
	config := r.config(document.Content[0])
	if len(r.problems) > 0 {
		return Config{}, errors.Join(r.problems...)
	}
	if _, err := config.build(); err != nil {
		return Config{}, err
	}
	return config, nil
}

// reader turns nodes into a configuration and collects what is wrong.
type reader struct {
	problems []error
}

func (r *reader) complain(node *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("line %d: %s", node.Line, fmt.Sprintf(format, args...)))
}

// mapping calls read for each key of a map, and says what is given twice. It
// returns the lines of the keys, and that of the map under "".
func (r *reader) mapping(node *yaml.Node, what string, read func(key, value *yaml.Node)) map[string]int {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	lines := map[string]int{"": node.Line}
	if node.Kind != yaml.MappingNode {
		r.complain(node, "%s must be a map of keys and values", what)
		return lines
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if first, repeated := lines[key.Value]; repeated {
			r.complain(key, "%s: is given twice (first in line %d); remove one", key.Value, first)
			continue
		}
		lines[key.Value] = key.Line
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		read(key, value)
	}
	return lines
}

func (r *reader) config(node *yaml.Node) Config {
	var config Config
	config.lines = r.mapping(node, "the configuration", func(key, value *yaml.Node) {
		switch key.Value {
		case "site":
			config.Site = r.text(key, value)
		case "probes":
			config.Probes = []string{} // given, even if it is empty
			for _, item := range r.list(key, value) {
				config.Probes = append(config.Probes, r.text(key, item))
			}
		case "probe_every":
			config.ProbeEvery = r.duration(key, value)
		case "spool":
			config.Spool = r.spool(value)
		case "checks":
			for _, item := range r.list(key, value) {
				config.Checks = append(config.Checks, r.check(item))
			}
		default:
			r.complain(key, "%s: unknown key; known are site, checks, probes, probe_every, spool", key.Value)
		}
	})
	return config
}

// spool reads where events wait.
func (r *reader) spool(node *yaml.Node) SpoolConfig {
	var config SpoolConfig
	r.mapping(node, "spool", func(key, value *yaml.Node) {
		switch key.Value {
		case "mode":
			config.Mode = r.text(key, value)
		case "bytes":
			config.Bytes = r.size(key, value)
		case "age":
			config.Age = r.duration(key, value)
		default:
			r.complain(key, "%s: unknown key; known are mode, bytes, age", key.Value)
		}
	})
	return config
}

// size reads a number of bytes such as 16MiB.
func (r *reader) size(key, value *yaml.Node) int64 {
	digits := strings.TrimRight(value.Value, "KMGiB ")
	unit, known := map[string]int64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[strings.TrimSpace(value.Value[len(digits):])]
	number, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	if value.Kind != yaml.ScalarNode || err != nil || !known || number < 1 || number > math.MaxInt64/unit {
		r.complain(value, "%s: %q is no size; write 16MiB", key.Value, value.Value)
		return 0
	}
	return number * unit
}

// check reads one check: the keys that every check has, then those of its kind.
func (r *reader) check(node *yaml.Node) CheckConfig {
	var c CheckConfig
	own := &yaml.Node{Kind: yaml.MappingNode, Line: node.Line}
	c.lines = r.mapping(node, "a check", func(key, value *yaml.Node) {
		switch key.Value {
		case "name":
			c.Name = r.text(key, value)
		case "kind":
			c.Kind = r.text(key, value)
		case "target":
			c.Target = r.text(key, value)
		case "priority":
			c.Priority = r.text(key, value)
		case "team":
			c.Team = r.text(key, value)
		case "every":
			c.Every = r.duration(key, value)
		case "timeout":
			c.Timeout = r.duration(key, value)
		case "for":
			c.For = r.duration(key, value)
		case "fail_after":
			c.FailAfter = r.count(key, value)
		case "of":
			c.Of = r.count(key, value)
		case "recover_after":
			c.RecoverAfter = r.count(key, value)
		default:
			own.Content = append(own.Content, key, value)
		}
	})
	if kind, known := all.Find(c.Kind); known {
		values, err := check.Decode(kind.Describe().Fields, own)
		c.Values = values
		if err != nil {
			// What every check has is also known, and what the person may have meant.
			hint := strings.ReplaceAll(err.Error(), "known are ", "known are "+strings.Join(commonKeys(), ", ")+", ")
			r.problems = append(r.problems, errors.New(hint))
		}
	}
	return c
}

// commonKeys are the keys that every check has.
func commonKeys() []string {
	return []string{"name", "kind", "target", "every", "timeout", "fail_after", "of", "recover_after", "for", "priority", "team"}
}

func (r *reader) text(key, value *yaml.Node) string {
	if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
		r.complain(value, "%s: must be a text", key.Value)
		return ""
	}
	return value.Value
}

func (r *reader) list(key, value *yaml.Node) []*yaml.Node {
	if value.Kind != yaml.SequenceNode {
		r.complain(value, "%s: must be a list", key.Value)
		return nil
	}
	return value.Content
}

// duration reads a time such as 30s. Zero must be left out instead, except by for.
func (r *reader) duration(key, value *yaml.Node) time.Duration {
	duration, err := time.ParseDuration(value.Value)
	switch {
	case value.Kind != yaml.ScalarNode || err != nil:
		r.complain(value, "%s: %q is not a duration; write 500ms, 30s, 5m or 1h30m", key.Value, value.Value)
	case duration < 0 || duration == 0 && key.Value != "for":
		r.complain(value, "%s: must be more than 0", key.Value)
	}
	return duration
}

// count reads a whole number from 1.
func (r *reader) count(key, value *yaml.Node) int {
	var count int
	if err := value.Decode(&count); err != nil || count < 1 {
		r.complain(value, "%s: %q is not a whole number from 1", key.Value, value.Value)
	}
	return count
}
