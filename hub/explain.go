package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"keng/hub/client"
	"keng/hub/core"
)

// explainCommand says why people were paged for an alert, or were not.
type explainCommand struct {
	server
	Alert    string `arg:"" help:"The alert: its id, its number such as #12 or 12 or, while it is open, its alias."`
	Language string `enum:"en,vi" default:"en" help:"In which language: en or vi."`
	TimeZone string `name:"timezone" default:"UTC" placeholder:"ZONE" help:"In which time zone moments are told, such as Asia/Ho_Chi_Minh."`
	JSON     bool   `name:"json" help:"Print the API's object."`
}

// Run explains the alert.
func (c *explainCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	var told client.Explanation
	for _, ref := range refsOf(c.Alert) {
		if told, err = hub.Explain(ctx, ref, c.Language, c.TimeZone); core.KindOf(err) != core.NotFound {
			break
		}
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, told)
	}
	for _, line := range told.Lines {
		fmt.Fprintln(out, line)
	}
	return nil
}

// refsOf returns what somebody may mean by a name of an alert, the likeliest first.
func refsOf(name string) []client.Ref {
	number := strings.TrimPrefix(name, "#")
	if number != "" && strings.Trim(number, "0123456789") == "" {
		return []client.Ref{client.ByTiny(number), client.ByAlias(name)}
	}
	return []client.Ref{client.ByID(name), client.ByAlias(name)}
}
