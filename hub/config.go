package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// configFile is the flag --config: a YAML file whose keys are flags without their dashes,
// such as "data-dir: /var/lib/keng". One file may serve several commands: a key must be a
// flag of some command, and those of other commands than the one that runs are left alone.
// What stands on the command line or in the environment goes before the file.
type configFile string

// maxConfigFile bounds a configuration file, in bytes.
const maxConfigFile = 1 << 20

// BeforeResolve reads the file; kong calls it when the flag is there.
func (configFile) BeforeResolve(app *kong.Kong, ctx *kong.Context, trace *kong.Path) error {
	path := string(ctx.FlagValue(trace.Flag).(configFile))
	settings, err := readSettings(path)
	if err == nil {
		err = settings.Validate(app.Model)
	}
	if err != nil {
		return fmt.Errorf("--config %s: %w", path, err)
	}
	ctx.AddResolver(settings)
	return nil
}

// settings are flags by name, as a file has them.
type settings map[string]yaml.Node

func readSettings(path string) (settings, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err) // the caller names the file
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfigFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxConfigFile:
		return nil, fmt.Errorf("it is larger than %d bytes: is it the right file?", maxConfigFile)
	}
	var s settings
	if err := yaml.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("write it as lines of \"flag: value\": %w", err)
	}
	return s, nil
}

// Validate refuses keys that are no flag of any command.
func (s settings) Validate(app *kong.Application) error {
	var known []string
	for _, command := range app.Leaves(false) {
		for _, flags := range command.AllFlags(false) {
			for _, flag := range flags {
				if flag.Name != "help" && flag.Name != "config" {
					known = append(known, flag.Name)
				}
			}
		}
	}
	for key, value := range s {
		if !slices.Contains(known, key) {
			slices.Sort(known)
			return fmt.Errorf("line %d: there is no flag %q; the flags are %s", value.Line, key, strings.Join(slices.Compact(known), ", "))
		}
	}
	return nil
}

// Resolve returns the file's value of a flag; nil if it has none or the environment has one.
func (s settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Tag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	node, ok := s[flag.Name]
	if !ok {
		return nil, nil
	}
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag != "!!null":
		return node.Value, nil
	case node.Kind == yaml.SequenceNode && flag.IsSlice():
		var list []any
		err := node.Decode(&list)
		return list, err
	}
	return nil, fmt.Errorf("line %d of the configuration: not a value", node.Line)
}
