package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"keng/agent/app"
	"keng/agent/check"
)

// join is the command join.
func join(ctx context.Context, given values) error {
	peer, err := app.Join(ctx, app.JoinOptions{
		Hub: given["hub"], Token: given["token"], DataDir: given["data-dir"], Name: given["name"], Replace: given["replace"] == "true",
	})
	if err != nil {
		return err
	}
	fmt.Printf("This agent is %s. Start it with: keng-agent run --config agent.yaml --data-dir %s\n", peer.ID, given["data-dir"])
	return nil
}

// runAgent is the command run.
func runAgent(ctx context.Context, given values) error {
	config, err := app.ReadConfig(given["config"])
	if err != nil {
		return err
	}
	options := app.Options{
		Config: config, DataDir: given["data-dir"], Version: version,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), ServeStatus: true,
	}
	if given["hub"] != "" {
		options.Hubs = strings.Split(given["hub"], ",")
	}
	agent, err := app.New(options)
	if err != nil {
		return err
	}
	return agent.Run(ctx)
}

// checkOnce is the command check.
func checkOnce(ctx context.Context, given values) error {
	config, err := app.ReadConfig(given[""])
	if err != nil {
		return err
	}
	results, err := app.RunOnce(ctx, config)
	if err != nil {
		return err
	}
	down := 0
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CHECK\tKIND\tSTATE\tTOOK\tREASON")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.Check.Name, r.Check.Kind, r.Result.State, r.Result.Took.Round(time.Millisecond), r.Result.Reason)
		if r.Result.State == check.Down {
			down++
		}
	}
	table.Flush()
	if down > 0 {
		return fmt.Errorf("%d of %d checks are down", down, len(results))
	}
	return nil
}

// printVersion is the command version.
func printVersion(context.Context, values) error {
	fmt.Printf("keng-agent %s %s/%s %s\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version())
	return nil
}
