// Command bench measures Kẻng against its budgets. Each benchmark starts what it measures,
// on loopback, and cleans up after itself.
//
//	go run ./deploy/bench NAME [--json] [--runs 5]
//
// It prints a readable table of medians, with the floor and the goal of each figure. With
// --json the last line is one object with the same figures. A floor that does not hold
// makes it exit 1. Figures depend on the machine and its load, which are printed too:
// compare what was measured in the same run.
package main

import (
	"context"
	"encoding/json"
	"fmt"
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
	return map[string]benchmark{"agent": {run: benchAgent, figures: agentFigures()}}
}

// benchmark is one thing that can be measured.
type benchmark struct {
	figures []figure
	// run measures once and returns a value for each figure, by key.
	run func(ctx context.Context, dir string) (map[string]float64, error)
}

// figure is one number of a benchmark, with its budget.
type figure struct {
	key, unit   string
	floor, goal float64
	higher      bool // more is better
}

// holds reports whether a value is as good as a bound.
func (f figure) holds(value, bound float64) bool {
	if f.higher {
		return value >= bound
	}
	return value <= bound
}

type commands struct {
	Name string `arg:"" help:"What to measure: agent."`
	JSON bool   `name:"json" help:"Print the figures as one JSON object in the last line."`
	Runs int    `default:"5" help:"How often to measure; medians are printed."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	parser := kong.Must(&c, kong.Name("bench"), kong.Description("Measures Kẻng against its budgets."))
	if _, err := parser.Parse(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	b, known := benchmarks()[c.Name]
	if !known || c.Runs < 1 {
		fmt.Fprintf(os.Stderr, "bench: there is no benchmark %q, or --runs is less than 1\n", c.Name)
		os.Exit(2)
	}
	if err := measure(ctx, b, c); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measure runs a benchmark and prints its medians.
func measure(ctx context.Context, b benchmark, c commands) error {
	dir, err := os.MkdirTemp("", "keng-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("%s, %d processors, load before %s\n", runtime.Version(), runtime.NumCPU(), strings.TrimSpace(string(load)))
	values := map[string][]float64{}
	for i := range c.Runs {
		fmt.Fprintf(os.Stderr, "run %d of %d\n", i+1, c.Runs)
		got, err := b.run(ctx, dir)
		if err != nil {
			return fmt.Errorf("run %d: %w", i+1, err)
		}
		for key, v := range got {
			values[key] = append(values[key], v)
		}
	}
	return report(b, c, values)
}

// report prints the medians. It is an error if a floor does not hold.
func report(b benchmark, c commands, values map[string][]float64) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "figure\tmedian\tmin\tmax\tfloor\tgoal\t")
	object := map[string]any{"name": c.Name, "runs": c.Runs}
	var below []string
	for _, f := range b.figures {
		v := values[f.key]
		slices.Sort(v)
		median := v[len(v)/2]
		object[f.key] = median
		verdict := "goal"
		if !f.holds(median, f.goal) {
			verdict = "floor"
		}
		if !f.holds(median, f.floor) {
			verdict = "MISSED"
			below = append(below, f.key)
		}
		fmt.Fprintf(table, "%s\t%.2f %s\t%.2f\t%.2f\t%g\t%g\t%s\n", f.key, median, f.unit, v[0], v[len(v)-1], f.floor, f.goal, verdict)
	}
	_ = table.Flush()
	if c.JSON {
		line, err := json.Marshal(object)
		if err != nil {
			return err
		}
		fmt.Println(string(line))
	}
	if len(below) > 0 {
		return fmt.Errorf("the floor of %s does not hold", strings.Join(below, ", "))
	}
	return nil
}
