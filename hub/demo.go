package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"

	"keng/hub/app"
	"keng/hub/demo"
	gateway "keng/mobile-gateway/app"
)

// demoCommand shows the whole system.
type demoCommand struct {
	Once     bool     `help:"Play the story once: the website goes down, the phone rings, somebody presses 1. Exits 0 if every step was confirmed."`
	Fault    string   `help:"As --once, but plant a fault that the story must report (exit code 1): no-push, no-answer, stays-down or no-recovery." placeholder:"FAULT"`
	Watch    []string `help:"Watch a real website too." placeholder:"URL"`
	HTTP     string   `name:"http" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address of the API and the console (default ${default}). Other ports are free ones."`
	DataDir  string   `help:"Where everything is kept: an empty directory. Default: a temporary one." type:"path" placeholder:"DIR"`
	Language string   `help:"Language of the story: vi or en. Default: vi if LC_ALL or LANG says so, else en." placeholder:"LANGUAGE"`
	Verbose  bool     `help:"Show the programs' logs too."`
}

// Validate refuses values that the demo cannot use.
func (c *demoCommand) Validate() error {
	if c.Fault != "" && !slices.Contains(demo.Faults(), demo.Fault(c.Fault)) {
		return fmt.Errorf("--fault must be one of %v, not %q", demo.Faults(), c.Fault)
	}
	if !slices.Contains([]string{"", "vi", "en"}, c.Language) {
		return fmt.Errorf("--language must be vi or en, not %q", c.Language)
	}
	for _, site := range c.Watch {
		if u, err := url.Parse(site); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("--watch must be a URL such as https://example.vn/, not %q", site)
		}
	}
	return checkAddress("--http", c.HTTP)
}

// Run plays the demo. A story that fails ends with the line "FAILED STEP: reason".
func (c *demoCommand) Run(ctx context.Context, out io.Writer) error {
	if c.Fault != "" {
		c.Once = true
	}
	language := demo.Language(c.Language)
	if language == "" {
		language = demo.LanguageOf(os.Getenv)
	}
	command := "keng-hub demo"
	if strings.Contains(os.Args[0], "go-build") { // by go run
		command = "go run ./hub demo"
	}
	err := demo.Run(ctx, demo.Options{
		HTTP: c.HTTP, DataDir: c.DataDir, Once: c.Once, Fault: demo.Fault(c.Fault), Watch: c.Watch,
		Language: language, Command: command, Out: out, In: os.Stdin, Verbose: c.Verbose, Gateway: demoGateway,
	})
	if failed, ok := errors.AsType[*demo.StepError](err); ok {
		fmt.Fprintf(out, "FAILED %s\n", failed)
		return errTold
	}
	return err
}

// demoGateway is the gateway inside the demo's hub.
func demoGateway(g demo.GatewayConfig) func(*app.App) app.Task {
	return func(node *app.App) app.Task {
		config, err := gateway.LoadConfig(g.File)
		if err != nil {
			return app.Task{Name: "gateway", Run: func(context.Context) error { return err }}
		}
		return gatewayInside(config, g.DataDir, g.Logger)(node)
	}
}
