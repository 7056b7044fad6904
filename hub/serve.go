package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"keng/hub/acklink"
	"keng/hub/app"
	"keng/hub/channel/all"
	"keng/hub/watch"
	gateway "keng/mobile-gateway/app"
)

// serveCommand runs a hub node.
type serveCommand struct {
	DataDir       string        `required:"" placeholder:"DIR" help:"Where everything that the node keeps is." type:"path"`
	HTTP          string        `name:"http" default:":8080" placeholder:"ADDR" help:"Address of the API and the console (default ${default})."`
	Link          string        `default:":7443" placeholder:"ADDR" help:"Address for agents and gateways, UDP and TCP (default ${default})."`
	TLSCert       string        `name:"tls-cert" placeholder:"FILE" help:"Certificate for the API and the console, PEM, with its chain: they are then served over TLS. Read again when it changes." type:"path"`
	TLSKey        string        `name:"tls-key" placeholder:"FILE" help:"Key of --tls-cert, PEM." type:"path"`
	Raft          string        `default:":7444" placeholder:"ADDR" help:"Address for other hub nodes, TCP (default ${default})."`
	Advertise     string        `placeholder:"HOST" help:"Host name or IP address at which other nodes, agents and gateways reach this node. Default: the host's name, or what --raft and --link name."`
	NodeID        string        `name:"node-id" placeholder:"ID" help:"This node's name in the cluster. Default: the host's name."`
	Bootstrap     bool          `xor:"begin" help:"Make a new cluster if the data directory is empty, and write a first node token to DATA-DIR/node-token. What is in $$KENG_BOOTSTRAP_API_KEY, at least 20 characters, becomes its first API key, which has every right."`
	Join          string        `xor:"begin" placeholder:"RAFTADDR" help:"Join the cluster of the node at this address if the data directory is empty. Needs --join-token."`
	JoinToken     string        `placeholder:"TOKEN" help:"Node token: what is in the first node's DATA-DIR/node-token, or what \"keng-hub cluster token\" prints."`
	Language      string        `default:"en" enum:"vi,en" help:"Language of texts that are written for everybody: vi or en. Taken when a cluster is founded."`
	KeyFile       string        `placeholder:"FILE" help:"File of the master key that seals secrets. Default: DATA-DIR/master.key, made at bootstrap." type:"path"`
	PageWindow    time.Duration `default:"1m" placeholder:"DURATION" help:"How long after a page to a person further alerts wait, to be one page (default ${default}). 0: every alert is a page of its own, and nothing bounds how many a person gets."`
	WatchdogURL   string        `name:"watchdog-url" placeholder:"URL" help:"URL that is called every 30 s while the cluster works and pages go out: that of a service which complains when it is no longer called."`
	GatewayConfig string        `placeholder:"FILE" help:"File that says how the gateway inside this process reaches phones (as for keng-gateway run)." type:"existingfile"`
	PublicURL     string        `name:"public-url" placeholder:"URL" help:"How people reach the hub, such as https://keng.example.vn, for links in mails and messages; none for no links. Default: where this node serves HTTP."`
	SMTPURL       string        `name:"smtp-url" placeholder:"URL" help:"Mail server for e-mails: smtp://user:password@host:587?from=keng@example.vn (starttls=required, opportunistic or none; ca=FILE), or smtps://. With a password, better in the environment or the file of --config."`
	// The key is a secret: it comes by the environment only.
	BootstrapAPIKey string `hidden:"" env:"KENG_BOOTSTRAP_API_KEY"`
}

// pageWindow returns the window as the app takes it, to which 0 is its default.
func (c *serveCommand) pageWindow() time.Duration {
	if c.PageWindow == 0 {
		return -1
	}
	return c.PageWindow
}

// Validate refuses addresses that nobody could listen at.
func (c *serveCommand) Validate() error {
	errs := []error{checkAddress("--http", c.HTTP), checkAddress("--link", c.Link), checkAddress("--raft", c.Raft)}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		errs = append(errs, errors.New("TLS needs both --tls-cert, the certificate, and --tls-key, its key"))
	}
	if err := watch.CheckURL(c.WatchdogURL); err != nil {
		errs = append(errs, fmt.Errorf("--watchdog-url: %w", err))
	}
	if _, err := all.Open(all.Config{SMTP: c.SMTPURL}); err != nil {
		errs = append(errs, err)
	}
	if c.PublicURL != "" && c.PublicURL != app.NoPublicURL {
		if err := acklink.CheckURL(c.PublicURL); err != nil {
			errs = append(errs, fmt.Errorf("--public-url: %w; or %s for no links", err, app.NoPublicURL))
		}
	}
	switch {
	case c.Join == "" && c.JoinToken != "":
		errs = append(errs, errors.New("--join-token needs --join: the address of a node of the cluster"))
	case c.Join != "" && c.JoinToken == "":
		errs = append(errs, errors.New("--join needs --join-token: what is in the first node's DATA-DIR/node-token, or what `keng-hub cluster token` prints"))
	case c.Join != "":
		errs = append(errs, checkAddress("--join", c.Join))
	}
	if c.PageWindow < 0 {
		errs = append(errs, errors.New("--page-window cannot be below 0"))
	}
	return errors.Join(errs...)
}

// checkAddress checks a flag's HOST:PORT, where HOST may be empty: all of this machine.
func checkAddress(flag, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%s must be HOST:PORT or :PORT, not %q", flag, address)
	}
	return nil
}

// Run serves until ctx ends.
func (c *serveCommand) Run(ctx context.Context, out io.Writer) error {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	go spareMemory(ctx)
	options := app.Options{
		DataDir: c.DataDir, HTTP: c.HTTP, Link: c.Link, TLSCert: c.TLSCert, TLSKey: c.TLSKey, Raft: c.Raft, Advertise: c.Advertise, NodeID: c.NodeID,
		Bootstrap: c.Bootstrap, Join: c.Join, JoinToken: c.JoinToken,
		PageWindow: c.pageWindow(), KeyFile: c.KeyFile, BootstrapKey: c.BootstrapAPIKey, Version: version(), Language: c.Language, Watchdog: c.WatchdogURL, Logger: logger,
		SMTPURL: c.SMTPURL, PublicURL: c.PublicURL,
	}
	if c.GatewayConfig != "" {
		config, err := gateway.LoadConfig(c.GatewayConfig)
		if err != nil {
			return err
		}
		options.Tasks = append(options.Tasks, gatewayInside(config, filepath.Join(c.DataDir, "gateway"), logger))
	}
	node, err := app.New(options)
	if err != nil {
		return err
	}
	switch err := node.Start(ctx); {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w: another program, perhaps another hub, uses that port; stop it, or choose another port with --http, --link or --raft", err)
	case err != nil:
		return err
	}
	fmt.Fprintf(out, "serving: API at %s, agents and gateways at %s, other nodes at %s\n", node.URL(), node.LinkAddr(), node.RaftAddr())
	failed := node.Wait(ctx)
	stopped := node.Stop(context.WithoutCancel(ctx))
	if failed != nil {
		return failed // that it could not be stopped well follows from it
	}
	return stopped
}
