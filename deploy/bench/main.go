// Command bench measures Kẻng against its budgets. Each benchmark starts what it measures,
// on loopback, and cleans up after itself.
//
//	go run ./deploy/bench NAME [--json] [--runs 5] [--peer NAME] [--count N] [--profile DIR]
//
//	agent         size, memory and processor time of an agent with twenty checks
//	raftstore     commits on three nodes with their logs on disk, beside etcd and a bare Raft
//	ingest-http   alerts posted to a cluster of three; --peer alertmanager: beside that
//	ingest-link   alerts from agents over the link; --peer alertmanager: beside that
//	page-latency  from an alert's POST to a cluster of three to its push at the FCM server
//	agents        three hubs with thousands of agents: memory, processor time, return after
//	              kill -9, and that nobody is called silent for it; --count 10000
//	failover      from kill -9 of the leader to the push of an alert that is posted then
//	million       a hub with a million alerts: memory, restart, lists and searches
//
// It prints a readable table of medians, with the floor and the goal of each figure ("-"
// where there is none). With --json the last line is one object with the same figures. A
// floor that does not hold makes it exit 1. Figures depend on the machine and its load,
// which are printed too: compare what was measured in the same run. A ratio is made
// within each run, of what was measured one directly after the other. Everything is kept
// under TMPDIR: it should be on the disk that is meant, not in memory.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/alecthomas/kong"
)

// benchmarks is the list of all benchmarks.
func benchmarks() map[string]benchmark {
	return map[string]benchmark{
		"agents":       {run: benchAgents, figures: agentsFigures(), runs: 1},
		"agent":        {run: benchAgent, figures: agentFigures(), runs: 5},
		"raftstore":    {run: benchRaftstore, figures: raftstoreFigures(), runs: 5},
		"ingest-http":  {run: benchIngestHTTP, figures: ingestFigures(), runs: 5, peer: alertmanager},
		"ingest-link":  {run: benchIngestLink, figures: ingestFigures(), runs: 5, peer: alertmanager},
		"page-latency": {run: benchPageLatency, figures: pageFigures(), runs: 5},
		"failover":     {run: benchFailover, figures: failoverFigures(), runs: 5},
		"million":      {run: benchMillion, figures: millionFigures(), runs: 1},
	}
}

// benchmark is one thing that can be measured.
type benchmark struct {
	figures []figure
	runs    int    // how often it is measured unless told otherwise
	peer    string // another program beside which it can be measured; empty for none
	// run measures once and returns a value for each figure, by key.
	run func(ctx context.Context, s setting) (map[string]float64, error)
}

// setting is what a benchmark is run with.
type setting struct {
	dir     string // for all that it writes; the next run finds what was built
	peer    string // the program beside which it is measured, if any
	count   int    // how many agents
	profile string // directory for profiles of this process; empty for none
}

// figure is one number of a benchmark, with its budget.
type figure struct {
	key, unit   string
	floor, goal float64 // 0 for none
	higher      bool    // more is better
	beside      bool    // measured only with a peer
	none        bool    // must be zero
}

// holds reports whether a value is as good as a bound.
func (f figure) holds(value, bound float64) bool {
	if f.higher {
		return value >= bound
	}
	return value <= bound
}

// verdict is what can be said of a value: the best bound that it holds.
func (f figure) verdict(value float64) string {
	switch {
	case f.none && value != 0:
		return missed
	case f.floor != 0 && !f.holds(value, f.floor):
		return missed
	case f.goal != 0 && f.holds(value, f.goal):
		return "goal"
	case f.floor != 0:
		return "floor"
	}
	return "-"
}

const missed = "MISSED"

type commands struct {
	Name    string `arg:"" help:"What to measure: ${names}."`
	JSON    bool   `name:"json" help:"Print the figures as one JSON object in the last line."`
	Runs    int    `placeholder:"N" help:"How often to measure; medians are printed. Default: ${runs}."`
	Peer    string `placeholder:"NAME" help:"Measure beside another program: ${peers}."`
	Count   int    `placeholder:"N" default:"10000" help:"How many agents (agents)."`
	Profile string `placeholder:"DIR" type:"existingdir" help:"Keep processor profiles of what is measured within this process (raftstore)."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	parser := kong.Must(&c, kong.Name("bench"), kong.Description("Measures Kẻng against its budgets."), usage())
	if _, err := parser.Parse(os.Args[1:]); err != nil {
		fail(2, err)
	}
	b, known := benchmarks()[c.Name]
	switch {
	case !known:
		fail(2, fmt.Errorf("there is no benchmark %q; see --help", c.Name))
	case c.Runs < 0:
		fail(2, fmt.Errorf("--runs must be 1 or more"))
	case c.Count < 1 || c.Count > 50_000:
		fail(2, fmt.Errorf("--count must be from 1 to 50000"))
	case c.Peer != "" && c.Peer != b.peer:
		fail(2, fmt.Errorf("%s cannot be measured beside %q; see --help", c.Name, c.Peer))
	case c.Runs == 0:
		c.Runs = b.runs
	}
	if err := measure(ctx, b, c); err != nil {
		fail(1, err)
	}
}

func fail(code int, err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(code)
}

// usage puts what the list of benchmarks says into the help text.
func usage() kong.Vars {
	var runs, peers []string
	all := benchmarks()
	names := slices.Sorted(maps.Keys(all))
	for _, name := range names {
		runs = append(runs, fmt.Sprintf("%d for %s", all[name].runs, name))
		if peer := all[name].peer; peer != "" {
			peers = append(peers, fmt.Sprintf("%s for %s", peer, name))
		}
	}
	return kong.Vars{"names": strings.Join(names, ", "), "runs": strings.Join(runs, ", "), "peers": strings.Join(peers, ", ")}
}

// measure runs a benchmark and prints its medians.
func measure(ctx context.Context, b benchmark, c commands) error {
	dir, err := os.MkdirTemp("", "keng-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sync, err := syncTime(dir)
	if err != nil {
		return err
	}
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("%s, %d processors, load before %s, one fsync of 4 KiB takes %.2f ms\n",
		runtime.Version(), runtime.NumCPU(), strings.TrimSpace(string(load)), milliseconds(sync))
	values := map[string][]float64{}
	for i := range c.Runs {
		fmt.Fprintf(os.Stderr, "run %d of %d\n", i+1, c.Runs)
		got, err := b.run(ctx, setting{dir: dir, peer: c.Peer, count: c.Count, profile: c.Profile})
		if err != nil {
			return fmt.Errorf("run %d: %w", i+1, err)
		}
		for key, v := range got {
			values[key] = append(values[key], v)
		}
	}
	return report(os.Stdout, b, c, values)
}

// report prints the medians. It is an error if a floor does not hold.
func report(out io.Writer, b benchmark, c commands, values map[string][]float64) error {
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "figure\tmedian\tmin\tmax\tfloor\tgoal\t")
	object := map[string]any{"name": c.Name, "runs": c.Runs}
	var below []string
	for _, f := range b.figures {
		if f.beside && c.Peer == "" {
			continue
		}
		v := values[f.key]
		if len(v) != c.Runs {
			return fmt.Errorf("%s was measured %d times", f.key, len(v))
		}
		slices.Sort(v)
		median := v[len(v)/2]
		object[f.key] = median
		verdict := f.verdict(median)
		if verdict == missed {
			below = append(below, f.key)
		}
		fmt.Fprintf(table, "%s\t%.2f %s\t%.2f\t%.2f\t%s\t%s\t%s\n", f.key, median, f.unit, v[0], v[len(v)-1], bound(f.floor), bound(f.goal), verdict)
	}
	_ = table.Flush()
	if c.JSON {
		line, err := json.Marshal(object)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, string(line))
	}
	if len(below) > 0 {
		return fmt.Errorf("the floor of %s does not hold", strings.Join(below, ", "))
	}
	return nil
}

// bound is how the table shows a floor or a goal.
func bound(b float64) string {
	if b == 0 {
		return "-"
	}
	return fmt.Sprintf("%g", b)
}
