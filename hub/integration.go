package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"keng/hub/client"
)

// integrationCommand is about how tools are let in.
type integrationCommand struct {
	Create  integrationCreateCommand  `cmd:"" help:"Let a tool in: make an integration and print its key, alone, on standard output."`
	List    integrationListCommand    `cmd:"" default:"withargs" help:"Show the integrations."`
	Show    integrationShowCommand    `cmd:"" help:"Show one integration: what its key may do, and what becomes of what its tool sends."`
	Enable  integrationEnableCommand  `cmd:"" help:"Let the tool in again."`
	Disable integrationDisableCommand `cmd:"" help:"Keep the tool out for a while. What it sends meanwhile is refused, and lost unless it tries again."`
	Delete  integrationDeleteCommand  `cmd:"" help:"Delete an integration with its key. Its alerts stay."`
	NewKey  integrationNewKeyCommand  `cmd:"" name:"new-key" help:"Give an integration another key and print it, alone, on standard output. The one that it had is good for nothing at once."`
}

// integrationCreateCommand makes an integration.
type integrationCreateCommand struct {
	server
	Type      string `required:"" help:"Which tool it is: API, Prometheus, Grafana, Zabbix, Nagios, Icinga2 or another name."`
	Name      string `required:"" help:"What it is called. No two have the same name."`
	Team      string `help:"The team that owns it, and answers alone for what it sends. Default: whoever the tool names."`
	Read      bool   `help:"Its key may read. If none of read, write, delete and configure is said it may read and write."`
	Write     bool   `help:"Its key may create and change alerts."`
	Delete    bool   `help:"Its key may delete alerts."`
	Configure bool   `help:"Its key may change the configuration."`
}

// Run prints the key.
func (c *integrationCreateCommand) Run(ctx context.Context, k *kong.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	wanted := client.NewIntegration{Type: c.Type, Name: c.Name}
	if c.Team != "" {
		wanted.OwnerTeam = &client.Thing{Name: c.Team}
	}
	if c.Read || c.Write || c.Delete || c.Configure {
		wanted.Read, wanted.Write, wanted.Delete, wanted.Configure = &c.Read, &c.Write, &c.Delete, &c.Configure
	}
	made, err := hub.CreateIntegration(ctx, wanted)
	if err != nil {
		return err
	}
	tellKey(k, out, &made)
	if c.Team == "" && !c.Configure {
		fmt.Fprintln(k.Stderr, "It has no team: nobody is told of what it sends, unless the tool names somebody. --team says who is.")
	}
	return nil
}

// tellKey prints a key for programs, and for people what it is for.
func tellKey(k *kong.Context, out io.Writer, made *client.KeyedIntegration) {
	fmt.Fprintf(k.Stderr, "The key of integration %s, type %s. Keep it: it is not shown again.\n", made.Name, made.Type)
	fmt.Fprintln(out, made.Key)
}

// integrationListCommand shows the integrations.
type integrationListCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's objects."`
}

// Run prints the integrations.
func (c *integrationListCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	all, err := hub.Integrations(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, all)
	}
	if len(all) == 0 {
		fmt.Fprintln(out, "There are no integrations. Make one with: keng-hub integration create --type Nagios --name nagios")
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tTYPE\tLET IN\tID")
	for _, i := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", i.Name, i.Type, yesNo(i.Enabled), i.ID)
	}
	return table.Flush()
}

func yesNo(yes bool) string { return map[bool]string{true: "yes", false: "no"}[yes] }

// oneIntegration names an integration.
type oneIntegration struct {
	server
	Which string `arg:"" name:"name" help:"The integration's name or id."`
}

// find returns the integration and a client of its hub.
func (c *oneIntegration) find(ctx context.Context) (*client.Client, client.Integration, error) {
	hub, err := c.client()
	if err != nil {
		return nil, client.Integration{}, err
	}
	i, err := hub.IntegrationNamed(ctx, c.Which)
	return hub, i, err
}

// integrationShowCommand shows one integration.
type integrationShowCommand struct {
	oneIntegration
	JSON bool `name:"json" help:"Print the API's objects: {integration, actions}."`
}

// Run prints an integration and its actions.
func (c *integrationShowCommand) Run(ctx context.Context, out io.Writer) error {
	hub, found, err := c.find(ctx)
	if err != nil {
		return err
	}
	i, err := hub.Integration(ctx, found.ID)
	if err != nil {
		return err
	}
	actions, err := hub.IntegrationActions(ctx, found.ID)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, map[string]any{"integration": i, "actions": actions})
	}
	owner, may := "nobody", []string{}
	if i.OwnerTeam != nil {
		owner = "team " + i.OwnerTeam.Name
	}
	for _, right := range []struct {
		has  bool
		word string
	}{{i.Read, "read"}, {i.Write, "write"}, {i.Delete, "delete"}, {i.Configure, "configure"}} {
		if right.has {
			may = append(may, right.word)
		}
	}
	fmt.Fprintf(out, "%s, type %s, id %s\nLet in: %s. Its key may: %s. Owned by: %s.\n", i.Name, i.Type, i.ID, yesNo(i.Enabled), orDash(strings.Join(may, ", ")), owner)
	return tellActions(out, actions)
}

// tellActions prints the actions of an integration, kind by kind as they are tried.
func tellActions(out io.Writer, actions map[string]json.RawMessage) error {
	fmt.Fprintln(out, "What becomes of what its tool sends, the first that matches:")
	told := false
	for _, kind := range []string{"ignore", "create", "close", "acknowledge", "addNote"} {
		var list []struct {
			Name   string `json:"name"`
			Filter struct {
				Type       string            `json:"conditionMatchType"`
				Conditions []json.RawMessage `json:"conditions"`
			} `json:"filter"`
		}
		if err := json.Unmarshal(actions[kind], &list); err != nil {
			return fmt.Errorf("cannot read the actions: %w", err)
		}
		for _, a := range list {
			when := fmt.Sprintf("%s, %d conditions", a.Filter.Type, len(a.Filter.Conditions))
			if a.Filter.Type == "match-all" {
				when = "everything"
			}
			fmt.Fprintf(out, "  %s %s: %s\n", kind, a.Name, when)
			told = true
		}
	}
	if !told {
		fmt.Fprintln(out, "  it has no actions: everything creates an alert, as it comes")
	}
	return nil
}

type integrationEnableCommand struct{ oneIntegration }

// Run lets the tool in.
func (c *integrationEnableCommand) Run(ctx context.Context, out io.Writer) error {
	return c.enable(ctx, out, true, "%s is let in.\n")
}

type integrationDisableCommand struct{ oneIntegration }

// Run keeps the tool out.
func (c *integrationDisableCommand) Run(ctx context.Context, out io.Writer) error {
	return c.enable(ctx, out, false, "%s is kept out: what it sends is refused.\n")
}

func (c *oneIntegration) enable(ctx context.Context, out io.Writer, on bool, words string) error {
	hub, i, err := c.find(ctx)
	if err != nil {
		return err
	}
	if err := hub.EnableIntegration(ctx, i.ID, on); err != nil {
		return err
	}
	fmt.Fprintf(out, words, i.Name)
	return nil
}

type integrationDeleteCommand struct {
	oneIntegration
	Yes bool `help:"Yes, really: its key works no more, and its actions are gone."`
}

// Validate wants a yes.
func (c *integrationDeleteCommand) Validate() error {
	if !c.Yes {
		return errors.New("its key would work no more and its actions be gone: to do it add --yes, to keep the tool out for a while use integration disable")
	}
	return nil
}

// Run deletes the integration.
func (c *integrationDeleteCommand) Run(ctx context.Context, out io.Writer) error {
	hub, i, err := c.find(ctx)
	if err != nil {
		return err
	}
	if err := hub.DeleteIntegration(ctx, i.ID); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is gone, and its key works no more. Its alerts stay.\n", i.Name)
	return nil
}

type integrationNewKeyCommand struct{ oneIntegration }

// Run prints the new key.
func (c *integrationNewKeyCommand) Run(ctx context.Context, k *kong.Context, out io.Writer) error {
	hub, i, err := c.find(ctx)
	if err != nil {
		return err
	}
	made, err := hub.RenewKey(ctx, i.ID)
	if err != nil {
		return err
	}
	tellKey(k, out, &made)
	fmt.Fprintln(k.Stderr, "The key that it had is good for nothing any more: give the tool this one now.")
	return nil
}
