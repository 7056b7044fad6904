package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	agent "keng/agent/app"
	"keng/hub/app"
	"keng/hub/client"
	"keng/mobile-gateway/push/fcm/fcmtest"
	"keng/mobile-gateway/voice/siptest"
)

// world is everything that takes part in the demo.
type world struct {
	words sentences
	site  *website
	fcm   *fcmtest.Server
	phone *siptest.Phone
	node  *app.App
	relay *relay
	hub   *client.Client
	key   string
	alias string // of the alert about the website

	cleanups []func() error // in the order of opening
}

// The names of the demo's places and people.
const (
	siteName  = "branch-3"
	checkName = "website"
	pushToken = "phone-of-an"
)

// newWorld sets everything up and returns when the agent has seen the website up. What
// was opened is closed by close, also after an error.
func newWorld(ctx context.Context, o Options, logger *slog.Logger, words sentences) (*world, error) {
	w := &world{words: words, key: rand.Text(), alias: siteName + "/" + checkName}
	for _, step := range []func(context.Context, Options, *slog.Logger) error{
		w.openPhone, w.openHub, w.seed, w.openSite, w.openAgent,
	} {
		if err := step(ctx, o, logger); err != nil {
			return w, err
		}
	}
	return w, nil
}

// explain puts an error into words that say what to do, where there are such.
func (w *world) explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(context.Cause(ctx), context.Canceled):
		return errors.New(w.words.interrupted)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf(w.words.portTaken, err)
	}
	return err
}

// close ends everything in the reverse order of opening.
func (w *world) close() error {
	var errs []error
	for _, c := range slices.Backward(w.cleanups) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

func (w *world) atEnd(f func() error) { w.cleanups = append(w.cleanups, f) }

// openPhone starts the servers that stand for the phone of the person on call.
func (w *world) openPhone(_ context.Context, o Options, _ *slog.Logger) (err error) {
	if w.fcm, err = fcmtest.New("keng-demo"); err != nil {
		return err
	}
	w.atEnd(w.fcm.Close)
	script := siptest.Script{RingFor: 700 * time.Millisecond, Press: []siptest.Press{{Key: '1', Menus: 1}}}
	if o.Fault == NoAnswer {
		script.Fate = siptest.RingForever
	}
	if w.phone, err = siptest.Start(script); err != nil {
		return err
	}
	w.atEnd(w.phone.Close)
	if o.Fault == NoPush {
		w.fcm.Refuse("UNAVAILABLE")
	}
	return nil
}

// openHub starts a hub node with a gateway inside.
func (w *world) openHub(ctx context.Context, o Options, logger *slog.Logger) (err error) {
	file, err := w.gatewayConfig(o)
	if err != nil {
		return err
	}
	w.node, err = app.New(app.Options{
		DataDir: filepath.Join(o.DataDir, "hub"), HTTP: o.HTTP, Link: "127.0.0.1:0", NodeID: "demo",
		Bootstrap: true, BootstrapKey: w.key, Language: string(o.Language), Logger: logger.With("program", "hub"),
		Tasks: []func(*app.App) app.Task{o.Gateway(GatewayConfig{
			DataDir: filepath.Join(o.DataDir, "gateway"), File: file, Logger: logger.With("program", "gateway"),
		})},
	})
	if err != nil {
		return err
	}
	if err := w.node.Start(ctx); err != nil {
		return err
	}
	w.atEnd(func() error { return w.node.Stop(context.Background()) })
	w.hub, err = client.New("http://"+w.node.HTTPAddr(), w.key)
	return err
}

// gatewayConfig writes the gateway's configuration: a file as any user would write it,
// but for the endpoint and the short times.
func (w *world) gatewayConfig(o Options) (string, error) {
	account := filepath.Join(o.DataDir, "firebase.json")
	if err := os.WriteFile(account, w.fcm.ServiceAccountJSON(), 0o600); err != nil {
		return "", err
	}
	file := filepath.Join(o.DataDir, "gateway.yaml")
	text := fmt.Sprintf(`fcm: {project: %s, credentials: %s, endpoint: %s}
sip:
  espeak: off # what was recorded is the same on every machine
  ring_timeout: 6s
  pause: 2s
  trunks: [{name: demo, server: "%s", caller_id: "1900"}]
`, w.fcm.Project(), account, w.fcm.URL(), w.phone.Server("udp"))
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// openSite puts the website up.
func (w *world) openSite(context.Context, Options, *slog.Logger) (err error) {
	if w.site, err = newWebsite(); err != nil {
		return err
	}
	w.atEnd(w.site.down)
	return nil
}

// openAgent enrols an agent with a token, as an administrator would, and starts it. Its
// network is a relay, so that it can be cut.
func (w *world) openAgent(ctx context.Context, o Options, logger *slog.Logger) (err error) {
	if w.relay, err = newRelay(w.node.LinkAddr()); err != nil {
		return err
	}
	w.atEnd(w.relay.Close)
	token, err := w.hub.CreateToken(ctx, client.TokenSpec{})
	if err != nil {
		return err
	}
	dir := filepath.Join(o.DataDir, "agent")
	if _, err := agent.Join(ctx, agent.JoinOptions{Hub: w.relay.Addr(), Token: token, DataDir: dir, Name: siteName, Socket: loopbackSocket}); err != nil {
		return err
	}
	a, err := agent.New(agent.Options{DataDir: dir, Config: w.checks(o), Logger: logger.With("program", "agent"), Socket: loopbackSocket})
	if err != nil {
		return err
	}
	began := time.Now()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	w.atEnd(func() error {
		cancel()
		return <-ended
	})
	bounded, stop := context.WithTimeoutCause(ctx, 10*time.Second, errors.New(w.words.agentAway))
	defer stop()
	return w.site.visitedSince(bounded, began)
}

// loopbackSocket keeps the demo on this machine.
func loopbackSocket() (net.PacketConn, error) { return net.ListenPacket("udp", "127.0.0.1:0") }
