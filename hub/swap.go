package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"keng/hub/client"
)

// swapCommand is about swapping shifts.
type swapCommand struct {
	Ask      swapAskCommand      `cmd:"" help:"Ask somebody to swap shifts. Nothing is swapped before they accept."`
	List     swapListCommand     `cmd:"" help:"Show the requests of which something lies ahead."`
	Accept   swapAcceptCommand   `cmd:"" help:"Accept a request, as the person who was asked."`
	Decline  swapDeclineCommand  `cmd:"" help:"Decline a request, as the person who was asked."`
	Withdraw swapWithdrawCommand `cmd:"" help:"Withdraw a request, as the person who asked."`
}

// stretchFlag is a time on the command line, as ISO 8601 writes it: FROM/TO.
type stretchFlag client.Stretch

// UnmarshalText reads FROM/TO.
func (s *stretchFlag) UnmarshalText(text []byte) (err error) {
	from, to, _ := strings.Cut(string(text), "/")
	if s.Start, err = time.Parse(time.RFC3339, from); err == nil {
		s.End, err = time.Parse(time.RFC3339, to)
	}
	if err != nil || !s.End.After(s.Start) {
		return fmt.Errorf("%q must be FROM/TO, such as 2026-12-24T09:00:00+07:00/2026-12-25T09:00:00+07:00", text)
	}
	return nil
}

type swapAskCommand struct {
	server
	Schedule string      `arg:"" help:"The schedule, by its name or id."`
	User     string      `required:"" help:"Who asks, by username or id."`
	With     string      `required:"" placeholder:"USER" help:"Who is asked."`
	Mine     stretchFlag `required:"" placeholder:"FROM/TO" help:"The shift of who asks."`
	Theirs   stretchFlag `required:"" placeholder:"FROM/TO" help:"The shift of who is asked."`
	Note     string      `help:"A word about it, for the other."`
	Expires  *time.Time  `placeholder:"TIME" help:"Until when it can be accepted. Default: a week from now, and no longer than until the first shift."`
	JSON     bool        `name:"json" help:"Print the API's object."`
}

// Run asks.
func (c *swapAskCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	w, err := hub.AskSwap(ctx, client.NewSwap{Schedule: client.Thing{ID: c.Schedule, Name: c.Schedule}, From: client.Anybody(c.User), To: client.Anybody(c.With),
		Mine: client.Stretch(c.Mine), Theirs: client.Stretch(c.Theirs), Note: c.Note, Expires: c.Expires})
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(out, w)
	}
	fmt.Fprintf(out, "%s was asked: request %s.\nTo accept it before %s: keng-hub swap accept %s --user %s\n", c.With, w.ID, here(w.Expires), w.ID, c.With)
	return nil
}

type swapListCommand struct {
	server
	User     string `help:"Of one who takes part, by username or id."`
	Schedule string `help:"Of this schedule, by its name or id."`
	Status   string `enum:"asked,accepted,declined,withdrawn,expired,any" default:"any" help:"asked, accepted, declined, withdrawn, expired or any."`
	JSON     bool   `name:"json" help:"Print the API's objects."`
}

// Run prints a table of requests.
func (c *swapListCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	all, err := hub.Swaps(ctx, c.User, c.Schedule, c.Status)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(out, all)
	case len(all) == 0:
		fmt.Fprintln(out, "There are no such requests of which something lies ahead.")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "REQUEST\tSTATUS\tSCHEDULE\tFROM\tGIVES\tTO\tGIVES\tNOTE")
	for _, w := range all {
		gives := func(s client.Stretch) string { return here(s.Start) + " to " + here(s.End) }
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", w.ID, w.Status, w.Schedule.Name, w.From.Username, gives(w.Mine), w.To.Username, gives(w.Theirs), orDash(w.Note))
	}
	return table.Flush()
}

// swapAnswer is an answer to a request.
type swapAnswer struct {
	server
	ID   string `arg:"" help:"The request's id."`
	User string `required:"" help:"Who says so, by username or id."`
	JSON bool   `name:"json" help:"Print the API's object."`
}

type (
	swapAcceptCommand   struct{ swapAnswer }
	swapDeclineCommand  struct{ swapAnswer }
	swapWithdrawCommand struct{ swapAnswer }
)

// Run accepts.
func (c *swapAcceptCommand) Run(ctx context.Context, out io.Writer) error {
	return c.say(ctx, out, "accept")
}

// Run declines.
func (c *swapDeclineCommand) Run(ctx context.Context, out io.Writer) error {
	return c.say(ctx, out, "decline")
}

// Run withdraws.
func (c *swapWithdrawCommand) Run(ctx context.Context, out io.Writer) error {
	return c.say(ctx, out, "withdraw")
}

func (c *swapAnswer) say(ctx context.Context, out io.Writer, answer string) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	w, err := hub.AnswerSwap(ctx, c.ID, answer, c.User)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return printJSON(out, w)
	}
	fmt.Fprintf(out, "Request %s is %s.\n", w.ID, w.Status)
	if w.Status == "accepted" {
		fmt.Fprintf(out, "Each has the other's shift now, by the overrides %s.\n", strings.Join(w.Overrides, ", "))
	}
	return nil
}
