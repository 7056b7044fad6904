package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"keng/hub/client"
)

// rehearseCommand tells who would be paged if an alert came.
type rehearseCommand struct {
	server
	Alert       string        `required:"" placeholder:"FILE" help:"The alert, in JSON as for POST /v2/alerts; - is standard input."`
	At          time.Time     `placeholder:"TIME" help:"When it comes: 2026-11-29T03:00:00+07:00, or by this machine's clock \"2026-11-29 03:00\", \"sunday 03:00\", 03:00. Default: now."`
	For         time.Duration `default:"24h" placeholder:"DURATION" help:"How far to look, such as 90m; at most 744h."`
	Fail        []string      `placeholder:"KIND" help:"A kind of contact that is assumed to be broken: push, sms, voice, email."`
	AckAfter    time.Duration `placeholder:"DURATION" help:"How long after the first page its person acknowledges. Default: nobody reacts."`
	Integration string        `help:"By the rules of this integration, by its name or id, as if it had sent the alert."`
	Language    string        `default:"en" enum:"en,vi" help:"Of what is told: en or vi."`
	JSON        bool          `name:"json" help:"Print the API's object."`
}

// rehearsalFileMax bounds the file of an alert, in bytes.
const rehearsalFileMax = 1 << 20

// Run prints a table of what would happen. It exits 1 if nobody would be paged.
func (c *rehearseCommand) Run(ctx context.Context, out io.Writer) error {
	alert, err := readAlertFile(c.Alert)
	if err != nil {
		return err
	}
	ask := client.Rehearsal{Alert: alert, At: c.At, For: c.For.String(), Fail: c.Fail, Integration: c.Integration}
	if c.AckAfter != 0 {
		ask.AckAfter = c.AckAfter.String()
	}
	hub, err := c.client()
	if err != nil {
		return err
	}
	told, err := hub.Rehearse(ctx, ask)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(out, told)
	} else {
		if c.Language == "vi" {
			inVietnamese(&told)
		}
		err = printRehearsal(out, &told, rehearsalTexts[c.Language])
	}
	if err == nil && pagesOf(&told) == 0 {
		err = errTold
	}
	return err
}

func readAlertFile(path string) (json.RawMessage, error) {
	in := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, rehearsalFileMax))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("%s: write an alert as a JSON object, such as {\"message\": \"web is down\"}: %w", path, err)
	}
	return raw, nil
}

// inVietnamese puts the Vietnamese sentences in the place of the English ones, where there are such.
func inVietnamese(r *client.Rehearsed) {
	for i := range r.Steps {
		step := &r.Steps[i]
		step.Log = cmp.Or(step.LogVi, step.Log)
		if step.Page != nil {
			step.Page.Why = step.Page.WhyVi
		}
	}
}

func pagesOf(r *client.Rehearsed) (n int) {
	for _, step := range r.Steps {
		if step.Page != nil {
			n++
		}
	}
	return n
}
