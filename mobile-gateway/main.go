// Keng-gateway reaches phones for the hubs of a cluster: by push through Firebase
// Cloud Messaging, by voice through SIP trunks, by SMS through HTTP providers. It dials out to the hubs and needs no open port.
//
//	keng-gateway join --hub hub.example.vn:7443 --token … --data-dir /var/lib/keng-gateway
//	keng-gateway run --config /etc/keng/gateway.yaml --data-dir /var/lib/keng-gateway
//	keng-gateway test --config /etc/keng/gateway.yaml --to +84901234567 --dry-run
//
// It exits with 0 after an orderly stop, 1 when it failed, 2 after wrong usage.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type commands struct {
	Join    joinCommand    `cmd:"" help:"Exchange an enrolment token for this gateway's identity."`
	Run     runCommand     `cmd:"" help:"Serve the hubs until interrupted."`
	Test    testCommand    `cmd:"" help:"Send one page by hand, or show what would be sent."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program, and returns its exit code.
func run(arguments []string, out, errs io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) }) // from then on a signal ends the program at once
	hostname, _ := os.Hostname()                                         // a name for people; it may be empty
	parser := kong.Must(&commands{}, kong.Name("keng-gateway"), kong.Description("Reaches phones for the hubs of a Kẻng cluster. Exit codes: 0 done, 1 failed, 2 used wrongly."),
		kong.DefaultEnvars("KENG"), kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Writers(out, errs), kong.Vars{"hostname": hostname},
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(out, (*io.Writer)(nil)))
	command, err := parser.Parse(arguments)
	if err != nil {
		fmt.Fprintf(errs, "keng-gateway: %v\nTry %s --help.\n", err, used(err))
		return 2
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(errs, "keng-gateway: %v\n", err)
		return 1
	}
	return 0
}

// used names the command that was used wrongly.
func used(err error) string {
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok && wrong.Context.Selected() != nil {
		return wrong.Context.Selected().FullPath()
	}
	return "keng-gateway"
}
