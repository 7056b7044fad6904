package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"keng/hub/client"
	"keng/hub/core"
	"keng/hub/core/route"
	"keng/hub/intake"
)

// intakeCommand is about what other tools send in formats of their own.
type intakeCommand struct {
	Test    intakeTestCommand    `cmd:"" help:"What would become of what a tool sends: its fields, the action that takes it, the alert. Changes nothing."`
	Formats intakeFormatsCommand `cmd:"" help:"The tools whose formats are known, and the addresses to which they send."`
}

// intakeTestCommand tries a body. With a key a hub is asked, by whose rules it would go; without
// one the format's default actions are taken, and no hub is needed.
type intakeTestCommand struct {
	URL    string `env:"KENG_URL" default:"http://127.0.0.1:8080" help:"Address of a hub's API, for a trial by its rules."`
	Key    string `env:"KENG_API_KEY" placeholder:"KEY" help:"API key, that of the tool's integration. Without one the format's default actions are tried, and no hub is asked."`
	CAFile string `name:"ca-file" env:"KENG_CA_FILE" placeholder:"FILE" help:"Authorities to trust for https, PEM, besides those of this machine." type:"path"`

	Defaults bool `help:"Try the format's default actions, and ask no hub. So it is without a key."`

	Type string `required:"" placeholder:"TYPE" help:"The tool's format, such as nagios: see keng-hub intake formats."`
	File string `arg:"" optional:"" default:"-" help:"The body, JSON; - is standard input."`
	JSON bool   `name:"json" help:"Print the API's object."`
}

// Run tries the body.
func (c *intakeTestCommand) Run(ctx context.Context, out io.Writer) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	var tried client.ToolTrial
	if c.here() {
		tried, err = tryHere(c.Type, body)
	} else {
		tried, err = c.ask(ctx, body)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, tried)
	}
	c.tell(out, tried)
	return nil
}

// here reports whether no hub is asked.
func (c *intakeTestCommand) here() bool { return c.Defaults || c.Key == "" }

// body returns what is to be tried.
func (c *intakeTestCommand) body() ([]byte, error) {
	from := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	return io.ReadAll(io.LimitReader(from, intake.BodyMax+1))
}

func (c *intakeTestCommand) ask(ctx context.Context, body []byte) (client.ToolTrial, error) {
	hub, err := server{URL: c.URL, Key: c.Key, CAFile: c.CAFile}.client()
	if err != nil {
		return client.ToolTrial{}, err
	}
	return hub.TryTool(ctx, c.Type, body)
}

// tryHere tries a body by the default actions of its format.
func tryHere(format string, body []byte) (client.ToolTrial, error) {
	said, err := intake.Read(format, body, "")
	if err != nil {
		return client.ToolTrial{}, err
	}
	tried := client.ToolTrial{Format: said.Format, IntegrationType: said.Type, Verified: !said.Unverified, More: said.Left}
	rules := route.Integration{Name: "the defaults", Actions: said.Defaults}
	world := route.World{Now: time.Now(), Zones: time.LoadLocation}
	for _, x := range said.Inputs {
		draft := x.Draft
		subject := route.OfDraft(&draft, nil)
		subject.EventType, subject.Payload = x.Event, x.Payload
		d := rules.Decide(&draft, &subject, &world)
		in := client.ToolInput{Event: x.Event, Fields: x.Payload, Action: d.Kind.String(), Reason: d.Reason, Alias: d.Alias, User: d.User, Note: d.Note, Missing: d.Missing}
		if a := d.Draft; d.Kind == route.Create {
			in.Alias = a.Alias
			in.Alert = &client.ToolAlert{Message: a.Message, Description: a.Description, Priority: cmp.Or(a.Priority, core.P3).String(), Source: a.Source, Entity: a.Entity, Tags: a.Tags, Details: a.Details}
			for _, name := range x.Responders {
				in.Alert.Responders = append(in.Alert.Responders, client.Responder{Name: name})
			}
		}
		tried.Inputs = append(tried.Inputs, in)
	}
	return tried, nil
}

// tell prints a trial for a person.
func (c *intakeTestCommand) tell(out io.Writer, tried client.ToolTrial) {
	by := "the hub at " + c.URL
	if c.here() {
		by = "the format's default actions: with --key a hub is asked"
	}
	fmt.Fprintf(out, "Format %s, tried by %s.\n", tried.Format, by)
	if !tried.Verified {
		fmt.Fprintln(out, "UNVERIFIED: this format was made by analogy. Compare the fields below with what the tool really sends.")
	}
	if len(tried.Inputs) == 0 {
		fmt.Fprintln(out, "The body says nothing of any alert.")
	}
	for i, in := range tried.Inputs {
		fmt.Fprintf(out, "\n%d. %s\n", i+1, cmp.Or(in.Event, "(no event)"))
		for _, name := range slices.Sorted(maps.Keys(in.Fields)) {
			if in.Fields[name] != "" {
				fmt.Fprintf(out, "     %s: %s\n", name, oneLine(in.Fields[name]))
			}
		}
		fmt.Fprintf(out, "   action:  %s\n   why:     %s\n", cmp.Or(in.Action, "nothing"), in.Reason)
		tellToolAlert(out, in)
	}
	if tried.More > 0 {
		fmt.Fprintf(out, "\nThe body says %d things more.\n", tried.More)
	}
}

func tellToolAlert(out io.Writer, in client.ToolInput) {
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(out, "   %-8s %s\n", name+":", oneLine(text))
		}
	}
	line("alias", in.Alias)
	line("open", in.AlertID)
	if a := in.Alert; a != nil {
		line("message", a.Message)
		line("priority", a.Priority)
		line("entity", a.Entity)
		line("tags", strings.Join(a.Tags, ", "))
		var who []string
		for _, r := range a.Responders {
			who = append(who, strings.TrimSpace(r.Type+" "+cmp.Or(r.Name, r.Username, r.ID)))
		}
		line("for", strings.Join(who, ", "))
	}
	line("user", in.User)
	line("note", in.Note)
	line("missing", strings.Join(in.Missing, ", "))
}

// oneLine shortens a text to what fits into a line of a terminal.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 120 {
		return string(runes[:119]) + "…"
	}
	return text
}

type intakeFormatsCommand struct{}

// Run lists the formats.
func (*intakeFormatsCommand) Run(out io.Writer) error {
	for _, f := range intake.All() {
		mark := ""
		if !f.Verified() {
			mark = "  (unverified)"
		}
		fmt.Fprintf(out, "%-28s /v1/json/%s%s\n", f.Label, f.Path, mark)
	}
	return nil
}
