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
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"keng/hub/core"
)

// commands is the command line.
type commands struct {
	Config configFile `placeholder:"FILE" help:"YAML file of flags by name, such as \"data-dir: /var/lib/keng\". Command line and environment go before it."`

	Demo    demoCommand    `cmd:"" group:"run" help:"Show the whole system on this machine: a website goes down, a phone rings. Needs nothing."`
	Serve   serveCommand   `cmd:"" group:"run" help:"Run a hub node."`
	Cluster clusterCommand `cmd:"" group:"run" help:"The nodes of the hub: see them, let one join, remove one."`
	Token   tokenCommand   `cmd:"" group:"run" help:"Enrolment tokens, with which agents and gateways join."`
	Peer    peerCommand    `cmd:"" group:"run" help:"The agents and gateways: see them, revoke one."`
	Checks  checksCommand  `cmd:"" group:"run" help:"Checks that agents get from the hub: lists chosen by labels."`
	TZData  tzdataCommand  `cmd:"" name:"tzdata" group:"run" help:"Time-zone data: which it is, give the cluster other."`
	Version versionCommand `cmd:"" group:"run" help:"Print the version."`

	Integration integrationCommand `cmd:"" group:"run" help:"Integrations: how tools are let in, each by a key of its own."`
	Intake      intakeCommand      `cmd:"" group:"run" help:"What other tools send in formats of their own: try a body, list the formats."`
	RateLimits  rateLimitsCommand  `cmd:"" name:"rate-limits" group:"run" help:"How often an API key may ask."`

	Lint     lintCommand     `cmd:"" group:"who" help:"What is wrong in the whole configuration, and how to mend it."`
	Rehearse rehearseCommand `cmd:"" group:"who" help:"Who would be paged, when, by what and why, if an alert came now or later. Changes nothing; exits 1 if nobody would be."`
	Explain  explainCommand  `cmd:"" group:"who" help:"Why people were paged for an alert, or were not, and what comes next."`
	CatchAll catchAllCommand `cmd:"" name:"catch-all" group:"who" help:"Who is called when all that was configured for an alert has been done and nobody takes care of it."`

	DefaultTeam defaultTeamCommand `cmd:"" name:"default-team" group:"who" help:"Which team answers for what names nobody, as that an agent is silent."`

	OnCall   onCallCommand   `cmd:"" name:"oncall" group:"shifts" help:"Who is on call."`
	Timeline timelineCommand `cmd:"" group:"shifts" help:"The shifts of a schedule, as a table or a picture."`
	Gaps     gapsCommand     `cmd:"" group:"shifts" help:"What is to be mended in the weeks to come: nobody on call, somebody who is off, somebody in two schedules."`
	TakeOver takeOverCommand `cmd:"" name:"takeover" group:"shifts" help:"Be on call from now on, in the place of who is."`
	Swap     swapCommand     `cmd:"" group:"shifts" help:"Swap shifts: ask, list, accept, decline, withdraw."`
	Absence  absenceCommand  `cmd:"" group:"shifts" help:"When people are off: add, list, remove."`
	Fairness fairnessCommand `cmd:"" group:"shifts" help:"How much each person is on call: hours, nights, weekends, holidays."`
	Holidays holidaysCommand `cmd:"" group:"shifts" help:"Holiday calendars: list them, show their days."`
	Roster   rosterCommand   `cmd:"" group:"shifts" help:"Shifts that were planned elsewhere: bring them in from CSV or a calendar, take them out."`
	Feed     feedCommand     `cmd:"" group:"shifts" help:"Addresses at which calendar programs read who is on call."`

	Reach   reachCommand   `cmd:"" name:"reachability" group:"people" help:"How well people can be reached, the worst first; or one person."`
	Contact contactCommand `cmd:"" group:"people" help:"Verify by a code that a contact is its person's, and works."`
	Canary  canaryCommand  `cmd:"" group:"people" help:"The daily test of a person: set it, switch it off."`
	Mute    muteCommand    `cmd:"" group:"people" help:"Have a person not paged for a while: whoever is next is called instead."`
	Unmute  unmuteCommand  `cmd:"" group:"people" help:"Have a person paged again."`
}

// groups are the headings under which --help has the commands, in this order.
var groups = []kong.Group{
	{Key: "run", Title: "The system:"},
	{Key: "who", Title: "Who is told of an alert:"},
	{Key: "shifts", Title: "Who is on call:"},
	{Key: "people", Title: "How people are reached:"},
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
		kong.DefaultEnvars("KENG"), kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.ExplicitGroups(groups),
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
		fmt.Fprintln(errs, "keng-hub:", inPlain(err))
		return exitFailed
	}
}

// inPlain says an error. Of one that names fields these say it, and not the sentence that all such have.
func inPlain(err error) string {
	if e, ok := errors.AsType[*core.Error](err); ok && len(e.Fields) > 0 {
		return strings.Replace(err.Error(), e.Words, "the hub refuses it", 1)
	}
	return err.Error()
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
