package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"keng/hub/client"
)

// reachCommand tells how well people can be reached.
type reachCommand struct {
	server
	User string `arg:"" optional:"" help:"One person, by username or id. Default: all, the worst first."`
	JSON bool   `name:"json" help:"Print the API's objects."`
}

// Run prints a table with a row for each contact.
func (c *reachCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	var all []client.Reachability
	if c.User == "" {
		all, err = hub.AllReachability(ctx)
	} else {
		all = make([]client.Reachability, 1)
		all[0], err = hub.Reachability(ctx, c.User)
	}
	switch {
	case err != nil:
		return err
	case c.JSON && c.User != "":
		return printJSON(out, all[0])
	case c.JSON:
		return printJSON(out, all)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "USER\tSTANDING\tMETHOD\tTO\tMARK\tVERIFIED\tLAST PROOF\tLAST FAILURE")
	for _, r := range all {
		user, standing := r.User.Username, standings[r.Standing]
		if len(r.Contacts) == 0 {
			fmt.Fprintf(table, "%s\t%s\t-\t-\t-\t-\t-\t-\n", user, standing)
		}
		for _, k := range r.Contacts {
			verified := map[bool]string{true: "yes", false: "no"}[k.Verified]
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s %s\t%s\t%s\t%s\n", user, standing, k.Method, k.To, marks[k.Grade], k.Grade, verified, proof(k.LastProof), proof(k.LastFailure))
			user, standing = "", ""
		}
		if canary := r.Canary; canary != nil {
			fmt.Fprintf(table, "\t\t%s\tdaily test at %d:00 %s\t%s\t\t\t\n", canary.By, canary.Hour, strings.Join(canary.Days, ","), orDash(canary.Last))
		}
	}
	return table.Flush()
}

// standings are the words of the API for how well people can be reached, for people.
var standings = map[string]string{"unreachable": "✗ unreachable", "quiet": "✗ only quietly", "unproven": "? unproven", "proven": "✓ proven"}

// marks are signs of how much a contact can be relied on.
var marks = map[string]string{"disabled": "–", "dead": "✗", "failing": "✗", "unanswered": "?", "unproven": "?", "proven": "✓"}

func proof(p *client.Proof) string {
	if p == nil {
		return "-"
	}
	return p.How + " " + here(p.At)
}

// contactCommand is about verifying contacts.
type contactCommand struct {
	Verify  verifyCommand  `cmd:"" help:"Send a code to a contact."`
	Confirm confirmCommand `cmd:"" help:"Say the code that was sent to a contact."`
}

// contactArg names a contact of a person.
type contactArg struct {
	server
	User    string `arg:"" help:"Whose, by username or id."`
	Contact string `arg:"" help:"The contact: its id, its address as it is listed, or its method (sms, voice, email, mobile) if there is one such."`
}

// find returns the contact that is meant.
func (c *contactArg) find(ctx context.Context, hub *client.Client) (found client.ContactMark, err error) {
	r, err := hub.Reachability(ctx, c.User)
	if err != nil {
		return found, err
	}
	var like []client.ContactMark
	for _, k := range r.Contacts {
		switch {
		case k.ID == c.Contact || k.To == c.Contact:
			return k, nil
		case strings.EqualFold(k.Method, c.Contact):
			like = append(like, k)
		}
	}
	switch len(like) {
	case 0:
		return found, fmt.Errorf("%s has no contact %s: see keng-hub reachability %s", c.User, c.Contact, c.User)
	case 1:
		return like[0], nil
	}
	return found, fmt.Errorf("%s has %d contacts by %s: name one by its address", c.User, len(like), c.Contact)
}

type verifyCommand struct{ contactArg }

// Run has a code sent.
func (c *verifyCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	k, err := c.find(ctx, hub)
	if err != nil {
		return err
	}
	sent, err := hub.SendCode(ctx, c.User, k.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "A code was sent by %s to %s. It counts until %s:\nkeng-hub contact confirm %s %s CODE\n", sent.Method, sent.To, here(sent.Expires), c.User, c.Contact)
	return nil
}

type confirmCommand struct {
	contactArg
	Code string `arg:"" help:"The digits."`
}

// Run says the code.
func (c *confirmCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	k, err := c.find(ctx, hub)
	if err != nil {
		return err
	}
	if err := hub.ConfirmContact(ctx, c.User, k.ID, c.Code); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s %s of %s is verified.\n", k.Method, k.To, c.User)
	return nil
}

// canaryCommand is about daily tests.
type canaryCommand struct {
	Set canarySetCommand `cmd:"" help:"Have a person told something daily that is about nothing, to see that it comes through."`
	Off canaryOffCommand `cmd:"" help:"Test a person no more."`
}

type canarySetCommand struct {
	server
	User string   `arg:"" help:"Who, by username or id."`
	By   string   `required:"" placeholder:"METHOD" help:"mobile, sms or email, or the id of a contact."`
	At   int      `default:"9" help:"The hour of the day, 0 to 23, by the person's zone."`
	Days []string `help:"Days of the week, such as monday,tuesday. Default: all."`
}

// Run sets it.
func (c *canarySetCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	set, err := hub.PutCanary(ctx, c.User, client.Canary{By: c.By, Hour: c.At, Days: c.Days})
	if err != nil {
		return err
	}
	next := "-"
	if set.Next != nil {
		next = here(*set.Next)
	}
	fmt.Fprintf(out, "%s is tested daily by %s, next at %s. What becomes of it: keng-hub reachability %s\n", c.User, set.By, next, c.User)
	return nil
}

type canaryOffCommand struct {
	server
	User string `arg:"" help:"Who, by username or id."`
}

// Run switches it off.
func (c *canaryOffCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	if err := hub.DeleteCanary(ctx, c.User); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is tested no more.\n", c.User)
	return nil
}
