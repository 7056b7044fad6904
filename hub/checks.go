package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"go.yaml.in/yaml/v3"

	"keng/hub/client"
)

// checksCommand is about the checks that the hub has for agents.
type checksCommand struct {
	List   checksListCommand   `cmd:"" help:"Show the lists of checks."`
	Put    checksPutCommand    `cmd:"" help:"Make a list of checks, or replace it, from a file."`
	Get    checksGetCommand    `cmd:"" help:"Print a list of checks as a file for put."`
	Delete checksDeleteCommand `cmd:"" help:"Delete a list of checks."`
	Status checksStatusCommand `cmd:"" help:"Show which lists each agent has, and whether it uses the newest. Exits 1 if one does not."`
}

// checksFile is a list of checks as people write it.
type checksFile struct {
	Name   string            `yaml:"name"`
	Labels map[string]string `yaml:"labels,omitempty"`
	Checks yaml.Node         `yaml:"checks"`
}

type checksListCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's objects."`
}

// Run prints the lists.
func (c *checksListCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	lists, err := hub.CheckLists(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, lists)
	}
	if len(lists) == 0 {
		fmt.Fprintln(out, "There are no lists of checks: every agent runs what its own file says. Make one with: keng-hub checks put FILE")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LIST\tFOR AGENTS WITH\tCHECKS\tVERSION\tCHANGED")
	for _, l := range lists {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\n", l.Name, labelsText(l.Labels), len(l.Checks), l.Version, moment(l.ChangedAt))
	}
	return table.Flush()
}

// labelsText says labels in one line.
func labelsText(labels map[string]string) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		words = append(words, name+"="+labels[name])
	}
	if len(words) == 0 {
		return "(all)"
	}
	return strings.Join(words, " ")
}

type checksPutCommand struct {
	server
	File string `arg:"" help:"YAML with the keys name, labels and checks; - is standard input."`
}

// Run makes or replaces the list.
func (c *checksPutCommand) Run(ctx context.Context, out io.Writer) error {
	file, err := readChecksFile(c.File)
	if err != nil {
		return err
	}
	checks, err := yaml.Marshal(&file.Checks)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	hub, err := c.client()
	if err != nil {
		return err
	}
	list, err := hub.PutCheckList(ctx, file.Name, file.Labels, string(checks))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "List %s has %d checks, version %d, for agents with %s.\n", list.Name, len(list.Checks), list.Version, labelsText(list.Labels))
	return nil
}

// readChecksFile reads a file for put.
func readChecksFile(path string) (checksFile, error) {
	var file checksFile
	in := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return file, err
		}
		defer f.Close()
		in = f
	}
	decoder := yaml.NewDecoder(io.LimitReader(in, maxConfigFile))
	decoder.KnownFields(true)
	switch err := decoder.Decode(&file); {
	case err != nil:
		return file, fmt.Errorf("%s: write it with the keys name, labels and checks: %w", path, err)
	case file.Name == "":
		return file, fmt.Errorf("%s: name is missing", path)
	case file.Checks.Kind != yaml.SequenceNode:
		return file, fmt.Errorf("%s: checks must be a list, as in agent.yaml", path)
	}
	return file, nil
}

type checksGetCommand struct {
	server
	Name string `arg:"" help:"The list."`
}

// Run prints the list.
func (c *checksGetCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	list, err := hub.CheckList(ctx, c.Name)
	if err != nil {
		return err
	}
	file := checksFile{Name: list.Name, Labels: list.Labels, Checks: yaml.Node{Kind: yaml.SequenceNode}}
	for _, raw := range list.Checks {
		var check yaml.Node
		if err := yaml.Unmarshal(raw, &check); err != nil {
			return fmt.Errorf("cannot read a check of the hub: %w", err)
		}
		file.Checks.Content = append(file.Checks.Content, check.Content...)
	}
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	return errors.Join(encoder.Encode(&file), encoder.Close())
}

type checksDeleteCommand struct {
	server
	Name string `arg:"" help:"The list."`
}

// Run deletes the list.
func (c *checksDeleteCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	if err := hub.DeleteCheckList(ctx, c.Name); err != nil {
		return err
	}
	fmt.Fprintf(out, "List %s is deleted.\n", c.Name)
	return nil
}

type checksStatusCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's objects."`
}

// Run prints the agents.
func (c *checksStatusCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	agents, err := hub.AgentsChecks(ctx)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		return errors.Join(printJSON(out, agents), newest(agents))
	case len(agents) == 0:
		fmt.Fprintln(out, "No agent has joined yet. Make a token with: keng-hub token create")
		return nil
	}
	return printAgentsChecks(out, agents)
}

// newest is [errTold] if an agent does not use the newest checks.
func newest(agents []client.AgentChecks) error {
	if slices.ContainsFunc(agents, func(a client.AgentChecks) bool { return !a.UpToDate }) {
		return errTold
	}
	return nil
}

// printAgentsChecks prints a table, and below it what people should know.
func printAgentsChecks(out io.Writer, agents []client.AgentChecks) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AGENT\tLABELS\tLISTS\tNEWEST")
	var notes []string
	behind := 0
	for _, a := range agents {
		current := "yes"
		if !a.UpToDate {
			current = "NO"
			behind++
		}
		lists := strings.Join(a.Lists, ", ")
		if lists == "" {
			lists = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", a.Name, labelsText(a.Labels), lists, current)
		if a.Problem != "" {
			notes = append(notes, a.Name+": "+a.Problem)
		}
		for _, sentence := range a.Conflicts {
			notes = append(notes, a.Name+": "+sentence)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(out, note)
	}
	if behind > 0 {
		fmt.Fprintf(out, "%d of %d agents do not use the newest checks: they are not connected, or say above why.\n", behind, len(agents))
	}
	return newest(agents)
}
