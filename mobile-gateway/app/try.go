package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"keng/proto/channel"
)

// Trial is one page that an administrator sends by hand.
type Trial struct {
	Kind     channel.Kind
	To       string
	Language channel.Language
	Text     string
	// Dry shows what would be sent, if the kind can, and sends nothing.
	Dry bool
}

// trialSendBy is until when a trial may be sent: longer than any channel's time-out.
const trialSendBy = 10 * time.Minute

// Try sends one page by a channel of the configuration, without a hub, and tells out of
// each stage. It returns an error if the page did not reach its person.
func Try(ctx context.Context, cfg Config, trial Trial, logger *slog.Logger, out io.Writer) error {
	channels, err := cfg.channels(logger)
	if err != nil {
		return err
	}
	defer func() {
		for _, ch := range channels {
			if closer, ok := ch.(interface{ Close() }); ok {
				closer.Close()
			}
		}
	}()
	page := channel.Page{
		ID: "test-" + rand.Text()[:10], SendBy: time.Now().Add(trialSendBy), Kind: trial.Kind, Address: trial.To,
		Language: trial.Language, Priority: "P5", TinyID: "0", Title: trial.Text,
	}
	for _, ch := range channels {
		if about := ch.Describe(); about.Kind == trial.Kind {
			if trial.Dry {
				return preview(ch, page, out)
			}
			bounded, cancel := context.WithTimeout(ctx, about.Timeout)
			defer cancel()
			return say(ch.Send(bounded, page, func(r channel.Report) { _ = say(r, out) }), out)
		}
	}
	return fmt.Errorf("the configuration has no channel of the kind %s", trial.Kind)
}

// preview shows what a channel would send.
func preview(ch channel.Channel, page channel.Page, out io.Writer) error {
	shows, ok := ch.(interface {
		Preview(channel.Page) (string, error)
	})
	if !ok {
		return fmt.Errorf("%s cannot show what it would send: leave --dry-run out", page.Kind)
	}
	text, err := shows.Preview(page)
	if err == nil {
		_, err = io.WriteString(out, text)
	}
	return err
}

// say writes a stage, and makes a failure an error.
func say(r channel.Report, out io.Writer) error {
	if r.Stage == channel.Failed || r.Stage == channel.Cancelled {
		return errors.New(string(r.Stage) + " (" + string(r.Failure) + "): " + r.Detail)
	}
	_, err := fmt.Fprintf(out, "%s %s %s\n", r.Stage, r.ProviderID, r.Detail)
	return err
}
