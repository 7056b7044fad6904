package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"keng/mobile-gateway/app"
	"keng/proto/channel"
)

type joinCommand struct {
	Hub     string `required:"" placeholder:"HOST:PORT" help:"A hub's link address."`
	Token   string `required:"" placeholder:"TOKEN" help:"The enrolment token, as 'keng-hub token create' prints it."`
	Name    string `default:"${hostname}" placeholder:"NAME" help:"A name for people (default: this machine's)."`
	DataDir string `default:"/var/lib/keng-gateway" placeholder:"DIR" help:"Where the identity is kept (default: ${default})."`
	Replace bool   `help:"Replace the identity that is there, as after a revocation."`
}

func (c *joinCommand) Run(ctx context.Context, out io.Writer) error {
	peer, err := app.Join(ctx, c.Hub, c.Token, c.Name, c.DataDir, c.Replace)
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
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	identity, hubs, err := app.OpenIdentity(c.DataDir, logger)
	if err != nil {
		return err
	}
	gateway, err := app.New(app.Options{
		Config: cfg, DataDir: c.DataDir, Hubs: hubs, Identity: identity, Logger: logger,
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

type testCommand struct {
	Config   string `required:"" placeholder:"FILE" help:"The channels: gateway.yaml."`
	To       string `required:"" placeholder:"CONTACT" help:"Whom to reach: a number such as +84901234567, a SIP address, a push token."`
	Kind     string `default:"sms" enum:"sms,voice,push" help:"By which kind of channel: sms, voice or push (default: ${default})."`
	Language string `default:"vi" enum:"vi,en" help:"vi or en (default: ${default})."`
	Text     string `default:"Kẻng thử đường báo tin" help:"What it says."`
	DryRun   bool   `help:"Show what would be sent, with secrets masked, and send nothing."`
}

func (c *testCommand) Run(ctx context.Context, out io.Writer) error {
	cfg, err := app.LoadConfig(c.Config)
	if err != nil {
		return err
	}
	trial := app.Trial{Kind: channel.Kind(c.Kind), To: c.To, Language: channel.Language(c.Language), Text: c.Text, Dry: c.DryRun}
	return app.Try(ctx, cfg, trial, slog.New(slog.NewTextHandler(os.Stderr, nil)), out)
}

type versionCommand struct{}

func (versionCommand) Run(_ context.Context, out io.Writer) error {
	fmt.Fprintln(out, app.Software())
	return nil
}
