package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"keng/hub/client"
)

// peerCommand is about the agents and gateways that have joined.
type peerCommand struct {
	List   peerListCommand   `cmd:"" help:"Show the agents and gateways."`
	Revoke peerRevokeCommand `cmd:"" help:"Put an agent or a gateway out, at once and for good: a stolen machine, for instance."`
	Rename peerRenameCommand `cmd:"" help:"Give an agent or a gateway another name."`
}

// peerListCommand shows the agents and gateways.
type peerListCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's objects."`
}

// Run prints the agents and gateways.
func (c *peerListCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	peers, err := hub.Peers(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, peers)
	}
	if len(peers) == 0 {
		fmt.Fprintln(out, "No agent or gateway has joined yet. Make a token with: keng-hub token create")
		return nil
	}
	printPeers(out, peers, time.Now())
	return nil
}

// printPeers prints a table.
func printPeers(out io.Writer, peers []client.Peer, now time.Time) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tKIND\tNAME\tCONNECTED HERE\tJOINED\tCERTIFICATE\tLABELS")
	for _, p := range peers {
		connected := "-"
		if p.Connection != nil {
			connected = "from " + p.Connection.Address
		}
		certificate := "-"
		switch {
		case p.Revoked:
			certificate = "REVOKED"
		case p.CertificateUntil != nil && p.CertificateUntil.Before(now):
			certificate = "expired " + moment(*p.CertificateUntil)
		case p.CertificateUntil != nil:
			certificate = "until " + moment(*p.CertificateUntil)
		}
		fmt.Fprintln(table, strings.Join([]string{p.ID, p.Kind, orDash(p.Name), connected, moment(p.JoinedAt), certificate, orDash(labels(p.Labels))}, "\t"))
	}
	_ = table.Flush() // a reader who has gone away wants no table
}

// peerRevokeCommand puts a peer out.
type peerRevokeCommand struct {
	server
	ID     string `arg:"" help:"The id, as peer list shows it."`
	Reason string `help:"Why, for people: the machine is told, too."`
}

// Run revokes the peer.
func (c *peerRevokeCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	if err := hub.RevokePeer(ctx, c.ID, c.Reason); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is revoked: every node cuts it off, and it cannot come back. If the machine turns up again, let it join with a new token.\n", c.ID)
	return nil
}

// peerRenameCommand gives a peer another name.
type peerRenameCommand struct {
	server
	ID   string `arg:"" help:"The id, as peer list shows it."`
	Name string `arg:"" help:"The new name."`
}

// Run renames the peer.
func (c *peerRenameCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	if err := hub.RenamePeer(ctx, c.ID, c.Name); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is called %s.\n", c.ID, c.Name)
	return nil
}
