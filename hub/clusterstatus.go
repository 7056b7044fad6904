package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"keng/hub/client"
)

// works reports whether a cluster takes alerts and pages, and can be trusted.
func works(c *client.Cluster) bool {
	return c.Quorum.Majority && c.Leader != "" && !c.Diverged
}

// printCluster prints the nodes as a table, and below it what is to be thought of them.
// It is read by night: what is wrong is in capitals, and says what to do.
func printCluster(out io.Writer, c *client.Cluster) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tROLE\tANSWERS\tADDRESS\tLINK\tVERSION\tAPPLIED\tBEHIND\tCLOCK")
	for _, n := range c.Nodes {
		answers, applied, behind, clock := "NO", "-", "-", "-"
		if n.Reached {
			answers, applied = "yes", strconv.FormatUint(n.Applied, 10)
		}
		if n.Behind != nil {
			behind = strconv.FormatUint(*n.Behind, 10)
		}
		if n.Clock != nil {
			clock = clockWords(n.Clock)
		}
		fmt.Fprintln(table, strings.Join([]string{n.ID, n.Role, answers, orDash(n.Address), orDash(n.Link), orDash(n.Version), applied, behind, clock}, "\t"))
	}
	_ = table.Flush() // a reader who has gone away wants no table
	fmt.Fprintln(out)
	for _, sentence := range verdicts(c) {
		fmt.Fprintln(out, sentence)
	}
}

// verdicts says what is to be thought of a cluster.
func verdicts(c *client.Cluster) []string {
	list := []string{quorumSentence(c.Quorum)}
	switch {
	case c.Leader != "":
		list = append(list, "Node "+c.Leader+" leads.")
	case c.Quorum.Majority:
		list = append(list, "NO LEADER: an election takes a second or two. If this stays, the nodes do not reach one another: see their logs.")
	}
	for _, n := range c.Nodes {
		switch {
		case !n.Reached:
			list = append(list, fmt.Sprintf("Node %s does not answer node %s: %s. %s", n.ID, orDash(c.AnsweredBy), orDash(n.Trouble), advice(c)))
		case !n.Voter:
			list = append(list, fmt.Sprintf("Node %s is joining: it has no vote until it has caught up.", n.ID))
		}
	}
	list = append(list, clockSentences(c)...)
	if c.Diverged {
		var pairs []string
		for _, p := range c.Differing {
			pairs = append(pairs, p[0]+" and "+p[1])
		}
		list = append(list, "DIVERGED: the states of nodes "+strings.Join(pairs, ", of ")+" contradict one another. This must never happen.",
			"Keep a copy of every data directory for a report; then replace the node that differs from the others by one with an empty directory.")
	}
	return list
}

// clockWords is how far a node's wall clock is off, for a narrow column.
func clockWords(c *client.Clock) string {
	offset := millis(c.OffsetMillis)
	if offset.Abs() < 100*time.Millisecond {
		return "right"
	}
	return fmt.Sprintf("%+.1fs", offset.Seconds())
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// clockSentences says what is wrong with the nodes' wall clocks, and what that means.
func clockSentences(c *client.Cluster) (list []string) {
	for _, n := range c.Nodes {
		if n.Clock != nil && n.Clock.Wrong {
			offset := millis(n.Clock.OffsetMillis)
			list = append(list, fmt.Sprintf("WRONG CLOCK: the clock of node %s is %s %s the others'. It is not followed, and the node does not lead. Look at its time service: `timedatectl`.",
				n.ID, roughly(offset.Abs()), map[bool]string{true: "ahead of", false: "behind"}[offset > 0]))
		}
	}
	if c.Clocks == nil {
		return list
	}
	if c.Clocks.Disputed {
		list = append(list, "CLOCKS DIFFER: no majority of the nodes' clocks agrees, so the cluster's time runs on by itself and cannot be put right. Look at the time service of every node: `timedatectl`.")
	}
	if ahead := millis(c.Clocks.AheadMillis); c.Clocks.Agreed && ahead > 2*time.Second {
		list = append(list, fmt.Sprintf("TIME IS AHEAD: the cluster's time is %s ahead of the nodes' clocks, and never goes back. Times of alerts and who is on call are off by that.", roughly(ahead)))
	}
	return list
}

// roughly is a duration as people say it.
func roughly(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Minute:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// advice says what to do about a node that does not answer. Without a majority no member
// can be removed.
func advice(c *client.Cluster) string {
	if !c.Quorum.Majority {
		return "Start it again."
	}
	return "Start it again, or replace it: remove it, and let a new one join."
}

// quorumSentence says whether there is a majority, and how many more nodes may be lost.
func quorumSentence(q client.Quorum) string {
	of := fmt.Sprintf("%d of %d %s %s", q.Reachable, q.Voters, inflect(q.Voters, "node", "nodes"), inflect(q.Reachable, "answers", "answer"))
	switch {
	case q.Voters == 0:
		return "NO MAJORITY: no node with a vote is there."
	case !q.Majority:
		return fmt.Sprintf("NO MAJORITY: %s, %d are needed. No alert is taken and nobody is paged until more are back.", of, q.Needed)
	case q.Spare > 0:
		return fmt.Sprintf("%s; %s more can be lost.", of, inWords(q.Spare))
	case q.Reachable == q.Voters:
		return of + "; none can be lost. A cluster bears the loss of one node from three nodes on."
	}
	return of + "; none more can be lost."
}

func inflect(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func inWords(n int) string {
	if n == 1 {
		return "one"
	}
	return strconv.Itoa(n)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func idsOf(nodes []client.Node) []string {
	var ids []string
	for _, n := range nodes {
		ids = append(ids, n.ID)
	}
	return ids
}
