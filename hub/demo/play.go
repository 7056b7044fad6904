package demo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	agent "keng/agent/app"
	"keng/hub/client"
)

// introduce says what there is to see.
func (w *world) introduce(tell *teller, fault Fault) {
	fmt.Fprintf(tell.out, w.words.intro, w.node.HTTPAddr(), w.key, w.site.URL(), siteName, callAfter.Seconds())
	if fault != NoFault {
		fmt.Fprintf(tell.out, w.words.planted, w.words.faults[fault], fault.Step())
	}
	fmt.Fprintln(tell.out)
}

// checks is what the agent watches: the demo's website and those that the user named.
func (w *world) checks(o Options) agent.Config {
	c := agent.Config{Site: siteName, Probes: []string{}, Checks: []agent.CheckConfig{
		{Name: checkName, Kind: "http", Target: w.site.URL(), Every: 400 * time.Millisecond, Timeout: 2 * time.Second, FailAfter: 2, Priority: "P1", Team: "it"},
	}}
	for i, url := range o.Watch {
		c.Checks = append(c.Checks, agent.CheckConfig{
			Name: fmt.Sprintf("watched-%d", i+1), Kind: "http", Target: url, Every: 5 * time.Second, FailAfter: 2, Priority: "P2", Team: "it",
		})
	}
	return c
}

// play lets the user take the website down and bring it back, until ctx ends or the
// user quits, and tells what the alerts' logs say.
func (w *world) play(ctx context.Context, tell *teller, in io.Reader) error {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	tell.line(w.words.help)
	go func() {
		defer quit()
		w.obey(ctx, tell, in)
	}()
	told := map[string]int{} // log lines told, by alert
	for {
		if err := w.tellNews(ctx, tell, told); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			tell.line(w.words.ending)
			return nil
		}
	}
}

// obey does what the user types. If there is nobody to type it waits for ctx to end.
func (w *world) obey(ctx context.Context, tell *teller, in io.Reader) {
	words := bufio.NewScanner(in)
	for words.Scan() {
		var err error
		switch strings.TrimSpace(words.Text()) {
		case "down":
			err = w.site.down()
			tell.line(w.words.isDown)
		case "up":
			err = w.site.up()
			tell.line(w.words.isUp)
		case "quit", "exit":
			return
		case "":
		default:
			tell.line(w.words.unknown)
		}
		if err != nil {
			tell.say("%v", err)
		}
	}
	tell.line(w.words.noInput)
	<-ctx.Done()
}

// tellNews tells the lines of the newest alerts' logs that have not been told.
func (w *world) tellNews(ctx context.Context, tell *teller, told map[string]int) error {
	alerts, err := w.hub.Alerts(ctx, "", 10)
	if err != nil {
		return err
	}
	for _, a := range alerts {
		lines, err := w.hub.Log(ctx, client.ByID(a.ID))
		if err != nil {
			return err
		}
		for _, line := range lines[min(told[a.ID], len(lines)):] {
			tell.say("#%s %s: %s", a.TinyID, line.Owner, line.Text)
		}
		told[a.ID] = len(lines)
	}
	return nil
}
