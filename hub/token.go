package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"keng/hub/client"
)

// server says which hub a command speaks to.
type server struct {
	URL string `env:"KENG_URL" default:"http://127.0.0.1:8080" help:"Address of a hub's API."`
	Key string `env:"KENG_API_KEY" required:"" placeholder:"KEY" help:"API key."`
	// CAFile is for hubs whose certificate is of an authority of one's own.
	CAFile string `name:"ca-file" env:"KENG_CA_FILE" placeholder:"FILE" help:"Authorities to trust for https, PEM, besides those of this machine." type:"path"`
}

func (s server) client() (*client.Client, error) {
	c, err := client.New(s.URL, s.Key)
	if err != nil || s.CAFile == "" {
		return c, err
	}
	transport, err := client.Trusting(s.CAFile)
	if err != nil {
		return nil, err
	}
	return c.Through(transport), nil
}

type tokenCommand struct {
	Create tokenCreateCommand `cmd:"" help:"Make a token and print it, alone, on standard output."`
	List   tokenListCommand   `cmd:"" help:"Show the tokens, without their secrets."`
	Revoke tokenRevokeCommand `cmd:"" help:"Make a token useless. Who has joined with it stays."`
}

// tokenCreateCommand makes an enrolment token.
type tokenCreateCommand struct {
	server
	Uses     int               `default:"1" help:"How many agents or gateways may join with it."`
	Lifetime time.Duration     `default:"24h" help:"How long it is good."`
	Kind     string            `default:"any" enum:"agent,gateway,any" help:"What may join with it: agent, gateway or any."`
	Network  []string          `placeholder:"CIDR" help:"From where: a network such as 10.3.0.0/16. May be repeated. Default: anywhere."`
	Label    map[string]string `placeholder:"NAME=VALUE" mapsep:"," help:"A label of who joins with it, by which checks are given out. May be repeated."`
	Note     string            `help:"For whom it is, for people."`
}

// Validate refuses tokens that nobody could use.
func (c *tokenCreateCommand) Validate() error {
	switch {
	case c.Uses < 1:
		return errors.New("--uses must be 1 or more")
	case c.Lifetime <= 0:
		return errors.New("--lifetime must be more than 0, such as 24h")
	}
	return nil
}

// Run prints the token.
func (c *tokenCreateCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	token, err := hub.CreateToken(ctx, client.TokenSpec{
		Uses: c.Uses, Lifetime: client.Lifetime(c.Lifetime), Kind: c.Kind, Networks: c.Network, Labels: c.Label, Note: c.Note,
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, token)
	return nil
}

// tokenListCommand shows the tokens.
type tokenListCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's objects."`
}

// Run prints the tokens.
func (c *tokenListCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	tokens, err := hub.Tokens(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, tokens)
	}
	if len(tokens) == 0 {
		fmt.Fprintln(out, "There are no enrolment tokens. Make one with: keng-hub token create")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TOKEN\tGOOD\tKIND\tUSES LEFT\tEXPIRES\tNETWORKS\tLABELS\tNOTE")
	for _, t := range tokens {
		good := "yes"
		switch {
		case t.Revoked:
			good = "revoked"
		case t.UsesLeft == 0:
			good = "used up"
		case !t.Usable:
			good = "expired"
		}
		fmt.Fprintln(table, strings.Join([]string{t.ID, good, t.Kind, strconv.Itoa(t.UsesLeft), moment(t.ExpiresAt),
			orDash(strings.Join(t.Networks, ",")), orDash(labels(t.Labels)), orDash(t.Note)}, "\t"))
	}
	return table.Flush()
}

// tokenRevokeCommand makes a token useless.
type tokenRevokeCommand struct {
	server
	ID string `arg:"" help:"The token's id, as token list shows it: the part after \"v1.\"."`
}

// Run revokes the token.
func (c *tokenRevokeCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	if err := hub.RevokeToken(ctx, c.ID); err != nil {
		return err
	}
	fmt.Fprintf(out, "Token %s is revoked. Who has joined with it stays; to put a machine out: keng-hub peer revoke ID\n", c.ID)
	return nil
}

// printJSON prints a value for programs.
func printJSON(out io.Writer, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, string(text))
	return err
}

// moment writes a time for people, in their own zone.
func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// labels writes labels in a line.
func labels(all map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return strings.Join(list, ",")
}
