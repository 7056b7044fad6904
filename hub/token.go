package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
}

// tokenCreateCommand makes an enrolment token.
type tokenCreateCommand struct {
	server
	Uses     int           `default:"1" help:"How many agents or gateways may join with it."`
	Lifetime time.Duration `default:"24h" help:"How long it is good."`
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
	token, err := hub.CreateToken(ctx, c.Uses, c.Lifetime)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, token)
	return nil
}
