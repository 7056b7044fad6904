// Command keng-agent watches what it is told to watch, and tells a hub. It is flags
// around package app.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is this program's.
const version = "0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) }) // from then on a signal ends the program at once
	code := keng().execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// keng says what the program can do.
func keng() program {
	dataDir := flag{name: "data-dir", value: "DIR", standard: "/var/lib/keng-agent", usage: "Where the agent keeps its identity and its spool."}
	return program{
		name: "keng-agent", summary: "Watches this place, and tells a Kẻng hub what is wrong.",
		commands: []command{
			{
				name: "join", summary: "Join a hub: exchange an enrolment token for an identity.", run: join,
				flags: []flag{
					{name: "hub", value: "HOST:PORT", required: true, usage: "Address of a hub."},
					{name: "token", value: "TOKEN", required: true, usage: "Enrolment token, made by keng-hub token create."},
					dataDir,
					{name: "name", value: "NAME", usage: "What people call this agent; left out: the name of this machine."},
					{name: "replace", usage: "Replace the identity that is there."},
				},
			},
			{
				name: "run", summary: "Run the checks, and tell the hub what they find.", run: runAgent,
				flags: []flag{
					{name: "config", value: "FILE", standard: "/etc/keng/agent.yaml", usage: "What to check."},
					dataDir,
					{name: "hub", value: "HOST:PORT,…", usage: "Addresses of hubs, instead of that of the join."},
				},
			},
			{name: "check", summary: "Run every check of a configuration once, and print what they find. Fails if any is down.", operand: "FILE", run: checkOnce},
			{
				name: "status", summary: "Print what the agent that runs here thinks. Fails unless all is up.", run: printStatus,
				flags: []flag{dataDir, {name: "json", usage: "Print it as one JSON object."}},
			},
			{name: "version", summary: "Print the version.", run: printVersion},
		},
	}
}
