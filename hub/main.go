// Command hub is the centre of Kẻng: it takes alerts, decides who must know, and sees
// to it that they do. See the README for a first try, and --help for everything else.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	Config configFile `placeholder:"FILE" help:"YAML file of flags by name, such as \"data-dir: /var/lib/keng\". Command line and environment go before it."`

	Demo     demoCommand     `cmd:"" help:"Show the whole system on this machine: a website goes down, a phone rings. Needs nothing."`
	Serve    serveCommand    `cmd:"" help:"Run a hub node."`
	Token    tokenCommand    `cmd:"" help:"Enrolment tokens, with which agents and gateways join."`
	Peer     peerCommand     `cmd:"" help:"The agents and gateways: see them, revoke one."`
	Cluster  clusterCommand  `cmd:"" help:"The nodes of the hub: see them, let one join, remove one."`
	Checks   checksCommand   `cmd:"" help:"Checks that agents get from the hub: lists chosen by labels."`
	OnCall   onCallCommand   `cmd:"" name:"oncall" help:"Who is on call."`
	Timeline timelineCommand `cmd:"" help:"The shifts of a schedule, as a table or a picture."`
	Gaps     gapsCommand     `cmd:"" help:"What is to be mended in the weeks to come: nobody on call, somebody who is off, somebody in two schedules."`
	Lint     lintCommand     `cmd:"" help:"What is wrong in the whole configuration, and how to mend it."`
	Roster   rosterCommand   `cmd:"" help:"Shifts that were planned elsewhere: bring them in from CSV or a calendar, take them out."`
	Feed     feedCommand     `cmd:"" help:"Addresses at which calendar programs read who is on call."`
	CatchAll catchAllCommand `cmd:"" name:"catch-all" help:"Who is called when all that was configured for an alert has been done and nobody takes care of it."`
	TakeOver takeOverCommand `cmd:"" name:"takeover" help:"Be on call from now on, in the place of who is."`
	Absence  absenceCommand  `cmd:"" help:"When people are off: add, list, remove."`
	Swap     swapCommand     `cmd:"" help:"Swap shifts: ask, list, accept, decline, withdraw."`
	Mute     muteCommand     `cmd:"" help:"Have a person not paged for a while: whoever is next is called instead."`
	Unmute   unmuteCommand   `cmd:"" help:"Have a person paged again."`
	Holidays holidaysCommand `cmd:"" help:"Holiday calendars: list them, show their days."`
	Fairness fairnessCommand `cmd:"" help:"How much each person is on call: hours, nights, weekends, holidays."`
	TZData   tzdataCommand   `cmd:"" name:"tzdata" help:"Time-zone data: which it is, give the cluster other."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// The exit codes. They are part of the command line's contract.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) }) // from then on a signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run carries out a command line and returns the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	parser, err := kong.New(&commands{}, kong.Name("keng-hub"),
		kong.Description("Kẻng: self-hosted incident alerting and on-call."),
		kong.DefaultEnvars("KENG"), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.TypeMapper(reflect.TypeFor[time.Time](), kong.MapperFunc(readMoment)),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(out, (*io.Writer)(nil)), kong.Writers(out, errs))
	if err != nil {
		fmt.Fprintln(errs, "keng-hub:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(errs, "keng-hub: %v\nTry %s --help.\n", err, used(err))
		return exitUsage
	}
	switch err := command.Run(); {
	case err == nil:
		return 0
	case errors.Is(err, errTold):
		return exitFailed
	default:
		fmt.Fprintln(errs, "keng-hub:", err)
		return exitFailed
	}
}

// readMoment reads a time of the command line.
func readMoment(c *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := c.Scan.PopValueInto("time", &text); err != nil {
		return err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			target.Set(reflect.ValueOf(t))
			return nil
		}
	}
	return fmt.Errorf("%q is no time with an offset: write it as 2026-12-24T18:00:00+07:00", text)
}

// used names the command that was used wrongly.
func used(err error) string {
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok && wrong.Context.Selected() != nil {
		return wrong.Context.Selected().FullPath()
	}
	return "keng-hub"
}

// errTold is an error of which the command has told the user itself.
var errTold = errors.New("told already")

type versionCommand struct{}

func (versionCommand) Run(out io.Writer) error {
	fmt.Fprintln(out, "keng-hub", version())
	return nil
}

// version is that of the module, as the toolchain recorded it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
