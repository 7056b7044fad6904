package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"keng/hub/client"
)

// clusterCommand is about the nodes of the hub. Any node may be asked.
type clusterCommand struct {
	Status   clusterStatusCommand   `cmd:"" help:"Show the nodes, who leads, and how many more may be lost. Exits 1 if the cluster does not work."`
	Token    clusterTokenCommand    `cmd:"" help:"Make a token with which a node joins, and print it, alone, on standard output."`
	Remove   clusterRemoveCommand   `cmd:"" help:"Take a node out of the cluster."`
	Rotate   clusterRotateCommand   `cmd:"" name:"rotate-authority" help:"Change the certificate authority: first everybody trusts both, then the old one goes."`
	Transfer clusterTransferCommand `cmd:"" help:"Hand the leadership to another node, as before a planned restart."`
}

// cluster asks a hub for its nodes.
func (s server) cluster(ctx context.Context) (*client.Client, client.Cluster, error) {
	hub, err := s.client()
	if err != nil {
		return nil, client.Cluster{}, err
	}
	cluster, err := hub.Cluster(ctx)
	return hub, cluster, err
}

// clusterStatusCommand shows the nodes.
type clusterStatusCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's object."`
}

// Run prints the nodes and what is to be thought of them.
func (c *clusterStatusCommand) Run(ctx context.Context, out io.Writer) error {
	_, cluster, err := c.cluster(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		text, err := json.MarshalIndent(cluster, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintln(out, string(text))
	} else {
		printCluster(out, &cluster)
	}
	if !works(&cluster) {
		return errTold
	}
	return nil
}

// clusterTokenCommand makes a node token.
type clusterTokenCommand struct {
	server
	Uses     int           `default:"1" help:"How many nodes may join with it."`
	Lifetime time.Duration `default:"1h" help:"How long it is good."`
}

// Validate refuses tokens that nobody could use.
func (c *clusterTokenCommand) Validate() error {
	return (&tokenCreateCommand{Uses: c.Uses, Lifetime: c.Lifetime}).Validate()
}

// Run prints the token.
func (c *clusterTokenCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	token, err := hub.CreateNodeToken(ctx, c.Uses, c.Lifetime)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, token)
	return nil
}

// clusterRemoveCommand takes a node out.
type clusterRemoveCommand struct {
	server
	ID     string `arg:"" help:"The node to remove, which need not answer."`
	DryRun bool   `help:"Only say what would be left."`
	Force  bool   `help:"Remove it though no majority of the nodes left answers. The cluster may stop for good."`
}

// Run removes the node, or says what would be left.
func (c *clusterRemoveCommand) Run(ctx context.Context, out io.Writer) error {
	hub, cluster, err := c.cluster(ctx)
	if err != nil {
		return err
	}
	node, ok := cluster.Node(c.ID)
	if !ok {
		return fmt.Errorf("there is no node %q: the nodes are %s", c.ID, strings.Join(idsOf(cluster.Nodes), ", "))
	}
	if c.DryRun {
		fmt.Fprintf(out, "Without node %s: %s\n", node.ID, quorumSentence(node.Without))
		if !c.Force && !(cluster.Quorum.Majority && node.Without.Majority) {
			return fmt.Errorf("node %s would not be removed without --force", node.ID)
		}
		return nil
	}
	if err := hub.RemoveNode(ctx, node.ID, c.Force); err != nil {
		return err
	}
	fmt.Fprintf(out, "Node %s is removed. %s\nKeep it stopped, and empty its data directory before it joins again.\n", node.ID, quorumSentence(node.Without))
	return nil
}

// clusterTransferCommand hands the leadership over.
type clusterTransferCommand struct {
	server
	ID string `arg:"" optional:"" help:"The node that is to lead. Default: any other."`
}

// The new leader must be known within transferWait; it is looked for every transferLook.
const (
	transferWait = 15 * time.Second
	transferLook = 100 * time.Millisecond
)

// Run hands the leadership over and waits until the new leader is known.
func (c *clusterTransferCommand) Run(ctx context.Context, out io.Writer) error {
	hub, before, err := c.cluster(ctx)
	if err != nil {
		return err
	}
	if c.ID != "" && before.Leader == c.ID {
		fmt.Fprintf(out, "Node %s leads already.\n", c.ID)
		return nil
	}
	if err := hub.TransferLeadership(ctx, c.ID); err != nil {
		return err
	}
	leader, err := awaitLeader(ctx, hub, func(id string) bool {
		return id != "" && (id == c.ID || c.ID == "" && id != before.Leader)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Node %s leads.\n", leader)
	return nil
}

// awaitLeader looks who leads until it is the one that is wanted.
func awaitLeader(ctx context.Context, hub *client.Client, wanted func(id string) bool) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, transferWait)
	defer cancel()
	last := errors.New("no node leads")
	tick := time.NewTicker(transferLook)
	defer tick.Stop()
	for {
		switch now, err := hub.Cluster(ctx); {
		case err != nil && ctx.Err() == nil:
			last = err
		case err == nil && wanted(now.Leader):
			return now.Leader, nil
		case err == nil && now.Leader != "":
			last = fmt.Errorf("node %s leads", now.Leader)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", fmt.Errorf("the leadership was handed over, but did not arrive in %v: %w", transferWait, last)
		}
	}
}
