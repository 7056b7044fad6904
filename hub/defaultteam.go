package main

import (
	"context"
	"fmt"
	"io"

	"keng/hub/core"
)

// defaultTeamCommand is about the team that answers for what names nobody.
type defaultTeamCommand struct {
	Show defaultTeamShowCommand `cmd:"" default:"withargs" help:"Show which team answers for what names nobody."`
	Set  defaultTeamSetCommand  `cmd:"" help:"Name the team that answers when agents fall silent, and for their checks that name no team."`
	None defaultTeamNoneCommand `cmd:"" help:"Name no team: the only one answers, if there is one alone."`
}

type defaultTeamShowCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's object."`
}

// Run shows which team it is.
func (c *defaultTeamShowCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	team, err := hub.DefaultTeam(ctx)
	switch {
	case core.KindOf(err) == core.NotFound && !c.JSON:
		fmt.Fprintln(out, "None: if there is one team alone it answers for what names nobody, else nobody does.\nTo name one: keng-hub default-team set TEAM")
		return nil
	case err != nil:
		return err
	case c.JSON:
		return printJSON(out, team)
	}
	return tellDefaultTeam(out, team.Name)
}

type defaultTeamSetCommand struct {
	server
	Team string `arg:"" help:"The team, by name or id."`
	JSON bool   `name:"json" help:"Print the API's object."`
}

// Run names the team.
func (c *defaultTeamSetCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	team, err := hub.PutDefaultTeam(ctx, c.Team)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, team)
	}
	return tellDefaultTeam(out, team.Name)
}

func tellDefaultTeam(out io.Writer, name string) error {
	_, err := fmt.Fprintf(out, "Team %s answers when agents fall silent, and for their checks that name no team.\n", name)
	return err
}

type defaultTeamNoneCommand struct{ server }

// Run names none.
func (c *defaultTeamNoneCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	if err := hub.DeleteDefaultTeam(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "There is no default team.")
	return nil
}
