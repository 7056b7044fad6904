// Package demo is the whole of Kẻng on one machine: a hub node with a gateway inside, an
// agent that watches this machine and a small website, and a person on call whose phone
// is simulated by servers of the real protocols, an FCM endpoint and a SIP telephone.
// Nothing needs configuring, and nothing leaves the machine.
//
// [Run] sets the scene and either plays the story once, checking every step against the
// memory of the counterpart that took part in it, or lets the user play. Delays are those
// of configuration, only short: the code under them is what runs in earnest.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"keng/hub/app"
)

// Options says how the demo goes.
type Options struct {
	// Language is that of the story. Default: English.
	Language Language
	// Command is how the user starts the demo, for hints.
	Command string
	// HTTP is the address of the API. Default: "127.0.0.1:8080".
	HTTP string
	// DataDir is where everything is kept: a directory that is empty or not there yet.
	// Default: a temporary directory that is removed at the end.
	DataDir string
	// Once plays the story and ends.
	Once bool
	// Fault plants a fault that the story must report. See [Faults].
	Fault Fault
	// Watch adds real websites to what the agent watches.
	Watch []string
	// Gateway makes the gateway inside the hub.
	Gateway func(GatewayConfig) func(*app.App) app.Task
	// Out is where the demo tells what happens; In is where the user's words come
	// from when not Once.
	Out io.Writer
	In  io.Reader
	// Verbose shows the programs' logs, on standard error.
	Verbose bool
}

// GatewayConfig is how the gateway reaches the simulated phone.
type GatewayConfig struct {
	DataDir string
	File    string // a gateway.yaml
	Logger  *slog.Logger
}

// Fault is something that goes wrong on purpose.
type Fault string

// The faults, each with the step that reports it.
const (
	NoFault    Fault = ""
	NoPush     Fault = "no-push"     // the FCM server refuses: step push
	NoAnswer   Fault = "no-answer"   // nobody picks the phone up: step call
	StaysDown  Fault = "stays-down"  // the website never returns: step recovery
	NoRecovery Fault = "no-recovery" // it returns, but nobody says so: step close
)

// Faults are all faults, for help texts.
func Faults() []Fault { return []Fault{NoPush, NoAnswer, StaysDown, NoRecovery} }

// Step is the step of the story that reports the fault.
func (f Fault) Step() string {
	return map[Fault]string{NoPush: "push", NoAnswer: "call", StaysDown: "recovery", NoRecovery: "close"}[f]
}

// StepError says which step of the story failed, and why.
type StepError struct {
	Step   string
	Reason error
}

// Error returns "STEP: reason".
func (e *StepError) Error() string { return e.Step + ": " + e.Reason.Error() }

// Unwrap returns the reason.
func (e *StepError) Unwrap() error { return e.Reason }

// Run plays the demo until it is over or ctx ends. A story that fails gives a [*StepError].
func Run(ctx context.Context, o Options) (err error) {
	if o.HTTP == "" {
		o.HTTP = "127.0.0.1:8080"
	}
	say := o.Language.sentences()
	logger, cleanUp, err := openDataDir(&o, say)
	if err != nil {
		return &StepError{"start", err}
	}
	defer cleanUp()
	tell := &teller{out: o.Out, start: time.Now()}
	w, err := newWorld(ctx, o, logger, say)
	defer func() { err = errors.Join(err, w.close()) }()
	if err != nil {
		return &StepError{"start", w.explain(ctx, err)}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if err := w.node.Wait(ctx); err != nil {
			cancel(fmt.Errorf(say.hubFailed, err))
		}
	}()
	w.introduce(tell, o.Fault)
	if !o.Once {
		err := w.play(ctx, tell, o.In)
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
			return cause // it was not the user who ended it
		}
		return err
	}
	if err := w.story(ctx, tell, o.Fault); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, say.next, o.Command)
	return nil
}

// openDataDir makes sure of an empty data directory, and opens the programs' own log in
// it, so that the telling is not drowned. The function that it returns ends both.
func openDataDir(o *Options, say sentences) (*slog.Logger, func(), error) {
	remove := func() {}
	if o.DataDir == "" {
		dir, err := os.MkdirTemp("", "keng-demo-")
		if err != nil {
			return nil, nil, err
		}
		o.DataDir, remove = dir, func() { _ = os.RemoveAll(dir) }
	}
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, nil, fmt.Errorf(say.notWritable, err)
	}
	switch entries, err := os.ReadDir(o.DataDir); {
	case err != nil:
		return nil, nil, fmt.Errorf(say.notWritable, err)
	case len(entries) > 0:
		return nil, nil, fmt.Errorf(say.used, o.DataDir)
	}
	if o.Verbose {
		return slog.New(slog.NewTextHandler(os.Stderr, nil)), remove, nil
	}
	f, err := os.Create(filepath.Join(o.DataDir, "demo.log"))
	if err != nil {
		return nil, nil, fmt.Errorf(say.notWritable, err)
	}
	return slog.New(slog.NewTextHandler(f, nil)), func() { _ = f.Close(); remove() }, nil
}

// teller tells what happens, a line at a time, with the time since the beginning.
type teller struct {
	out   io.Writer
	start time.Time
}

// say tells one line, formatted.
func (t *teller) say(format string, args ...any) { t.line(fmt.Sprintf(format, args...)) }

// line tells one line.
func (t *teller) line(text string) {
	fmt.Fprintf(t.out, "%5.1fs  %s\n", time.Since(t.start).Seconds(), text)
}
