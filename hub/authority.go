package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"keng/hub/client"
)

// clusterRotateCommand changes the cluster's certificate authority.
type clusterRotateCommand struct {
	server
	Finish bool `help:"Let the new authority take the old one's place. Without it: begin, so that everybody trusts both."`
	Force  bool `help:"With --finish: though agents or gateways that were here lately have no certificate of the new one. They must join again."`
	Status bool `help:"Do nothing, only say how far it is."`
	JSON   bool `name:"json" help:"Print the API's object."`
}

// Validate refuses what makes no sense.
func (c *clusterRotateCommand) Validate() error {
	switch {
	case c.Force && !c.Finish:
		return errors.New("--force goes with --finish")
	case c.Status && c.Finish:
		return errors.New("--status does nothing: leave out --finish")
	}
	return nil
}

// Run begins or finishes the change, and says how far it is.
func (c *clusterRotateCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	var authority client.Authority
	if c.Status {
		authority, err = hub.Authority(ctx)
	} else {
		authority, err = hub.RotateAuthority(ctx, c.Finish, c.Force)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, authority)
	}
	fmt.Fprintln(out, authoritySentence(&authority))
	return nil
}

// authoritySentence says how far a change of the authority is, and what is to be done.
func authoritySentence(a *client.Authority) string {
	nodes := strings.Join(a.Nodes, ", ")
	switch {
	case a.Stage == "changing" && len(a.Nodes) > 0:
		return fmt.Sprintf("The authority is being changed. Not every node trusts the new one yet: %s.", nodes)
	case a.Stage == "changing" && a.Peers > 0:
		return fmt.Sprintf("The authority is being changed. %d agents or gateways have no certificate of the new one yet (%s); they get it when they connect.",
			a.Peers, strings.Join(a.Some, ", "))
	case a.Stage == "changing":
		return "The authority is being changed, and everybody is ready. Finish it with: keng-hub cluster rotate-authority --finish"
	case a.Stage == "retiring":
		return fmt.Sprintf("The new authority is in its place. Not every node shows a certificate of it yet: %s.", nodes)
	}
	return fmt.Sprintf("The authority is %s. It is not being changed.", a.Present)
}
