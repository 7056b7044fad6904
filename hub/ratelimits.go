package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"keng/hub/client"
	"keng/hub/core"
)

// rateLimitsCommand is about how often a key may ask.
type rateLimitsCommand struct {
	Show rateLimitsShowCommand `cmd:"" default:"withargs" help:"Show how often a key may ask."`
	Set  rateLimitsSetCommand  `cmd:"" help:"Say how often a key may ask, in place of what was said before."`
	None rateLimitsNoneCommand `cmd:"" help:"Let keys ask as often as they like."`
}

type rateLimitsShowCommand struct {
	server
	JSON bool `name:"json" help:"Print the API's object."`
}

// Run shows the limits.
func (c *rateLimitsShowCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	limits, err := hub.RateLimits(ctx)
	if core.KindOf(err) == core.NotFound && !c.JSON {
		fmt.Fprintln(out, "None: a key may ask as often as it likes.\nTo set some: keng-hub rate-limits set alert=20/s,600/m")
		return nil
	}
	if err != nil {
		return err
	}
	return tellRateLimits(out, limits, c.JSON)
}

type rateLimitsSetCommand struct {
	server
	Limits []string `arg:"" placeholder:"DOMAIN=N/s,N/m" help:"How many requests of a domain each key may make in a second, in a minute, or both: alert=20/s,600/m. All that is not named has no limit."`
	JSON   bool     `name:"json" help:"Print the API's object."`

	wanted client.RateLimits
}

// Validate refuses what no limit can be.
func (c *rateLimitsSetCommand) Validate() error {
	c.wanted = client.RateLimits{}
	for _, text := range c.Limits {
		limit, ok := parseRateLimit(text)
		if !ok {
			return fmt.Errorf("%q must be a domain and how often, as in alert=20/s,600/m", text)
		}
		c.wanted.Limits = append(c.wanted.Limits, limit)
	}
	return nil
}

// parseRateLimit reads one limit, such as alert=20/s,600/m.
func parseRateLimit(text string) (limit client.RateLimit, ok bool) {
	domain, rates, ok := strings.Cut(text, "=")
	if !ok || domain == "" {
		return limit, false
	}
	limit.Domain = domain
	for one := range strings.SplitSeq(rates, ",") {
		count, period, _ := strings.Cut(one, "/")
		n, err := strconv.Atoi(count)
		field := map[string]*int{"s": &limit.PerSecond, "m": &limit.PerMinute}[period]
		if err != nil || n <= 0 || field == nil || *field != 0 {
			return limit, false
		}
		*field = n
	}
	return limit, true
}

// Run sets the limits.
func (c *rateLimitsSetCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	limits, err := hub.PutRateLimits(ctx, c.wanted)
	if err != nil {
		return err
	}
	return tellRateLimits(out, limits, c.JSON)
}

// tellRateLimits prints limits.
func tellRateLimits(out io.Writer, limits client.RateLimits, asJSON bool) error {
	if asJSON {
		return printJSON(out, limits)
	}
	fmt.Fprintln(out, "How many requests each key may make, at each node:")
	for _, l := range limits.Limits {
		var rates []string
		if l.PerSecond > 0 {
			rates = append(rates, fmt.Sprintf("%d a second", l.PerSecond))
		}
		if l.PerMinute > 0 {
			rates = append(rates, fmt.Sprintf("%d a minute", l.PerMinute))
		}
		fmt.Fprintf(out, "  %s: %s\n", l.Domain, strings.Join(rates, ", "))
	}
	return nil
}

type rateLimitsNoneCommand struct{ server }

// Run takes the limits away.
func (c *rateLimitsNoneCommand) Run(ctx context.Context, out io.Writer) error {
	hub, err := c.client()
	if err != nil {
		return err
	}
	if err := hub.DeleteRateLimits(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "A key may ask as often as it likes.")
	return nil
}
