package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"keng/hub/client"
)

// rehearseCommand tells who would be paged if an alert came.
type rehearseCommand struct {
	server
	Alert       string        `required:"" placeholder:"FILE" help:"The alert, in JSON as for POST /v2/alerts; - is standard input."`
	At          string        `placeholder:"TIME" help:"When it comes: 2026-11-29T03:00:00+07:00, or by this machine's clock \"2026-11-29 03:00\", \"sunday 03:00\", 03:00. Default: now."`
	For         time.Duration `default:"24h" placeholder:"DURATION" help:"How far to look, such as 90m; at most 744h."`
	Fail        []string      `placeholder:"KIND" help:"A kind of contact that is assumed to be broken: push, sms, voice, email."`
	AckAfter    time.Duration `placeholder:"DURATION" help:"How long after the first page its person acknowledges. Default: nobody reacts."`
	Integration string        `help:"By the rules of this integration, by its name or id, as if it had sent the alert."`
	Language    string        `default:"en" enum:"en,vi" help:"Of the reasons: en or vi."`
	JSON        bool          `name:"json" help:"Print the API's object."`
}

// rehearsalFileMax bounds the file of an alert, in bytes.
const rehearsalFileMax = 1 << 20

// Run prints a table of what would happen. It exits 1 if nobody would be paged.
func (c *rehearseCommand) Run(ctx context.Context, out io.Writer) error {
	ask := client.Rehearsal{For: c.For.String(), Fail: c.Fail, Integration: c.Integration}
	if c.AckAfter != 0 {
		ask.AckAfter = c.AckAfter.String()
	}
	var err error
	if ask.At, err = momentAhead(c.At, time.Now()); err != nil {
		return err
	}
	if ask.Alert, err = readAlertFile(c.Alert); err != nil {
		return err
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
		err = printRehearsal(out, &told)
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

// weekdays are the words for days of the week, in English and Vietnamese.
var weekdays = map[string]time.Weekday{
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
	"chủ nhật": time.Sunday, "thứ hai": time.Monday, "thứ ba": time.Tuesday, "thứ tư": time.Wednesday, "thứ năm": time.Thursday, "thứ sáu": time.Friday, "thứ bảy": time.Saturday,
}

// momentAhead reads a moment as people say it, in the zone of now; nothing is zero. A time of the
// day, with or without a day of the week, is the next such one.
func momentAhead(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	words := strings.Fields(strings.ToLower(text))
	if n := len(words); n > 0 {
		clock, err := time.Parse("15:04", words[n-1])
		day, named := weekdays[strings.Join(words[:n-1], " ")]
		if err == nil && (named || n == 1) {
			for ahead := range 8 {
				t := time.Date(now.Year(), now.Month(), now.Day()+ahead, clock.Hour(), clock.Minute(), 0, 0, now.Location())
				if t.After(now) && (!named || t.Weekday() == day) {
					return t, nil
				}
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write it as 2026-11-29T03:00:00+07:00, \"2026-11-29 03:00\", \"sunday 03:00\" or 03:00", text)
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

// printRehearsal prints what would happen: pages by the wall of who is paged, the rest by that
// of this machine.
func printRehearsal(out io.Writer, r *client.Rehearsed) error {
	switch {
	case r.TinyID != 0:
		fmt.Fprintf(out, "Alert #%d is open and has this alias: it would occur again. What is to come for it:\n", r.TinyID)
	case r.Parent != 0:
		fmt.Fprintf(out, "It would come under alert #%d, which calls people:\n", r.Parent)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AFTER\tTIME\tWHO\tBY\tTHEN\tWHY")
	for _, step := range r.Steps {
		after := (time.Duration(step.Offset*1000) * time.Millisecond).Round(time.Second)
		if p := step.Page; p != nil {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", after, wallOf(step.At, p.TimeZone), p.User.Username, strings.TrimSpace(p.Kind+" "+p.To), fateWords(p), whyWords(p))
			continue
		}
		words := step.Log
		if step.Owner != "System" {
			words += " (" + step.Owner + ")"
		}
		fmt.Fprintf(table, "%s\t%s\t\t\t\t%s\n", after, wallOf(step.At, ""), words)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if pagesOf(r) == 0 {
		fmt.Fprintln(out, "NOBODY would be paged.")
	}
	end := wallOf(r.EndAt, "")
	_, err := fmt.Fprintln(out, map[string]string{
		"rests":        "From " + end + " on nobody further is notified, and nobody has reacted: " + r.Why + ".",
		"acknowledged": "It is acknowledged, and nothing further comes after " + end + ".",
		"closed":       "It is closed at " + end + ".",
		"nothing":      "No alert would come of it. " + r.Why,
		"goes-on":      "More comes after " + end + ": look further with --for.",
		"cut":          "More would come after " + end + ", but " + r.Why + ".",
	}[r.End])
	return err
}

// wallOf tells a moment by the wall of a zone, if this machine knows it.
func wallOf(at time.Time, zone string) string {
	at = at.Local()
	if loc, err := time.LoadLocation(zone); err == nil && zone != "" {
		at = at.In(loc)
	}
	return at.Format("Mon 2006-01-02 15:04:05 -07:00")
}

// fateWords says in a few words what is assumed of a page.
func fateWords(p *client.RehearsedPage) string {
	switch {
	case p.Assumed == nil:
		return "under way"
	case p.Assumed.Stage == "done":
		return "arrives"
	case p.Assumed.Failure == "unanswered":
		return "rings in vain"
	case p.Assumed.Stage == "cancelled":
		return "taken back"
	}
	return "fails"
}

// whyWords says why somebody is paged, and how, if not alone and at once.
func whyWords(p *client.RehearsedPage) string {
	words := p.Why
	if p.Alerts > 1 {
		words += fmt.Sprintf("; one page about %d alerts", p.Alerts)
	}
	if !p.HeldFrom.IsZero() {
		words += "; held since " + wallOf(p.HeldFrom, p.TimeZone)
	}
	return words
}
