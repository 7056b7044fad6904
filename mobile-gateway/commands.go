package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"keng/mobile-gateway/app"
	"keng/proto/link"
)

type joinCommand struct {
	Hub     string `required:"" placeholder:"HOST:PORT" help:"A hub's link address."`
	Token   string `required:"" help:"The enrolment token, as 'keng-hub token create' prints it."`
	Name    string `default:"${hostname}" placeholder:"NAME" help:"A name for people (default: this machine's)."`
	DataDir string `default:"/var/lib/keng-gateway" placeholder:"DIR" help:"Where the identity is kept (default: ${default})."`
}

func (c *joinCommand) Run(ctx context.Context, out io.Writer) error {
	peer, err := app.Join(ctx, c.Hub, c.Token, c.Name, c.DataDir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "This gateway is %s. Start it with: keng-gateway run --config gateway.yaml --data-dir %s\n", peer.ID, c.DataDir)
	return nil
}

type runCommand struct {
	Config  string `required:"" placeholder:"FILE" help:"The channels: gateway.yaml."`
	DataDir string `default:"/var/lib/keng-gateway" placeholder:"DIR" help:"Where identity and ledger are kept (default: ${default})."`
}

func (c *runCommand) Run(ctx context.Context, _ io.Writer) error {
	cfg, err := app.LoadConfig(c.Config)
	if err != nil {
		return err
	}
	credentials, hubs, err := app.LoadIdentity(c.DataDir)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	gateway, err := app.New(app.Options{
		Config: cfg, DataDir: c.DataDir, Hubs: hubs, Credentials: func() link.Credentials { return credentials }, Logger: logger,
		Learned: func(hubs []string) {
			if err := app.SaveHubs(c.DataDir, hubs); err != nil {
				logger.Error("cannot keep which hubs there are; after a restart only the old ones are dialled", "error", err)
			}
		},
	})
	if err != nil {
		return err
	}
	return gateway.Run(ctx)
}

type versionCommand struct{}

func (versionCommand) Run(_ context.Context, out io.Writer) error {
	fmt.Fprintln(out, app.Software())
	return nil
}
