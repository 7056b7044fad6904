package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"keng/agent/app"
)

// printStatus is the command status.
func printStatus(ctx context.Context, given values) error {
	status, err := app.AskStatus(ctx, given["data-dir"])
	if err != nil {
		return err
	}
	if given["json"] == "true" {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(status)
	} else {
		err = writeStatus(os.Stdout, status)
	}
	if err == nil && !status.Well() {
		err = errors.New(strings.Join(unwell(status), "; "))
	}
	return err
}

// unwell says what is not up.
func unwell(s app.Status) []string {
	var all []string
	counts := map[string]int{}
	for _, c := range s.Checks {
		counts[c.State]++
	}
	for _, state := range []string{"down", "unknown", "pending"} {
		if counts[state] > 0 {
			all = append(all, fmt.Sprintf("%d of %d checks are %s", counts[state], len(s.Checks), state))
		}
	}
	if s.CutOff {
		all = append(all, "the agent is cut off")
	}
	if !s.Hub.Connected {
		all = append(all, "no hub is connected")
	}
	return all
}

// writeStatus prints a status for people.
func writeStatus(w io.Writer, s app.Status) error {
	ago := func(at time.Time) string { return span(s.Now.Sub(at)) }
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "AGENT\t%s, site %s, running for %s\n", s.Software, s.Site, ago(s.Began))
	fmt.Fprintf(table, "HUB\t%s\n", hubLine(s.Hub, ago))
	fmt.Fprintf(table, "NETWORK\t%s\n", networkLine(s, ago))
	fmt.Fprintf(table, "SPOOL\t%s\n", spoolLine(s.Spool))
	if s.FromHub.Version != "" || s.FromHub.Problem != "" {
		fmt.Fprintf(table, "FROM HUB\t%s\n", fromHubLine(s.FromHub))
	}
	if err := table.Flush(); err != nil || len(s.Checks) == 0 {
		return err
	}
	fmt.Fprintln(w)
	fmt.Fprintln(table, "CHECK\tKIND\tSTATE\tFOR\tNEXT RUN\tLAST RUN FOUND")
	for _, c := range s.Checks {
		state, since, next := c.State, "-", "now"
		if c.Held {
			state += " (held back)"
		}
		if !c.Since.IsZero() {
			since = ago(c.Since)
		}
		if c.NextRun.After(s.Now) {
			next = "in " + span(c.NextRun.Sub(s.Now))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Name, c.Kind, state, since, next, c.Reason)
	}
	return table.Flush()
}

// hubLine says how it stands with the hub.
func hubLine(h app.HubStatus, ago func(time.Time) string) string {
	ack := "no acknowledgement yet"
	if !h.LastAck.IsZero() {
		ack = "last acknowledgement " + ago(h.LastAck) + " ago"
	}
	switch {
	case h.Connected:
		return fmt.Sprintf("%s (%s), connected for %s, %s", h.Node, h.Address, ago(h.Since), ack)
	case h.Since.IsZero():
		return "not connected since the agent began"
	default:
		return fmt.Sprintf("not connected for %s (%s), last to %s (%s), %s", ago(h.Since), h.LastError, h.Node, h.Address, ack)
	}
}

// networkLine says whether the agent is cut off.
func networkLine(s app.Status, ago func(time.Time) string) string {
	if s.CutOff {
		return "cut off for " + ago(s.CutOffSince) + ": no probe answers, and what fails is held back"
	}
	return "not cut off"
}

// spoolLine says what has not reached a hub.
func spoolLine(s app.SpoolStatus) string {
	line := fmt.Sprintf("%d events waiting, %d dropped", s.Waiting, s.Dropped)
	if s.Unwritten > 0 {
		line += fmt.Sprintf(", %d in memory alone: the disk takes none", s.Unwritten)
	}
	switch {
	case s.Trouble != "":
		line += "; IN MEMORY, and lost in a power cut, because the disk cannot be written: " + s.Trouble
	case s.Mode == "ram":
		line += "; in memory, as configured"
	}
	return line
}

// fromHubLine says which checks come from the hub.
func fromHubLine(h app.FromHub) string {
	line := "no checks"
	if h.Version != "" {
		line = "checks of version " + h.Version[:min(8, len(h.Version))]
	}
	if len(h.Overrides) > 0 {
		line += "; the agent's own instead of the hub's: " + strings.Join(h.Overrides, ", ")
	}
	if h.Problem != "" {
		line += "; THE NEWEST ARE NOT IN USE: " + strings.ReplaceAll(h.Problem, "\n", "; ")
	}
	return line
}

// span prints a time in two units at most: 3d4h, 2h5m, 1m30s, 12s.
func span(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch day := 24 * time.Hour; {
	case d >= day:
		return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	default:
		return fmt.Sprintf("%ds", d/time.Second)
	}
}
