package voice

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/phrase"
	"keng/mobile-gateway/voice/siptest"
	"keng/proto/channel"
)

// TestMain lets more tests run at once than there are cores: a call takes seconds of
// waiting and next to no work.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// patience bounds whatever a test waits for.
const patience = 60 * time.Second

// quick is a configuration for impatient tests. It needs Go alone.
func quick() Config {
	return Config{
		Espeak:       off,
		TrunkTimeout: 2 * time.Second,
		RingTimeout:  time.Second,
		Repeats:      2,
		Pause:        300 * time.Millisecond,
	}
}

// page is an alert that a test sends, shortly.
func page(address string) channel.Page {
	return channel.Page{
		ID: "d-1", Kind: channel.Voice, Address: address, Language: channel.Vietnamese,
		Priority: "P1", AlertID: "a-1", TinyID: "42", Title: "website down",
	}
}

// short is a page of which there is little to say.
func short(address string) channel.Page {
	p := page(address)
	p.Priority, p.TinyID = "", ""
	return p
}

// announced is which phrases tell a Vietnamese of a page.
func announced(p channel.Page) []string {
	var names []string
	for _, name := range phrase.Alert(p) {
		names = append(names, siptest.Phrase{Language: channel.Vietnamese, Name: name}.String())
	}
	return names
}

func startPhone(t *testing.T, script siptest.Script) *siptest.Phone {
	t.Helper()
	phone, err := siptest.Start(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := phone.Close(); err != nil {
			t.Error(err)
		}
	})
	return phone
}

func newChannel(t *testing.T, config Config) *Channel {
	t.Helper()
	c, err := New(config, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// send sends the page and returns all its reports, the final one last.
func send(t *testing.T, ctx context.Context, c *Channel, p channel.Page) []channel.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var reports []channel.Report
	final := c.Send(ctx, p, func(r channel.Report) { reports = append(reports, r) })
	return append(reports, final)
}

// stages is the course of a page in short: its stages, with the failure at the end.
func stages(reports []channel.Report) string {
	var words []string
	for _, r := range reports {
		words = append(words, string(r.Stage))
	}
	final := reports[len(reports)-1]
	return strings.TrimSpace(strings.Join(words, " ") + " " + string(final.Failure) + string(final.Reply))
}

// each runs the cases of a table at the same time.
func each[C any](t *testing.T, table map[string]C, test func(*testing.T, C)) {
	var wait sync.WaitGroup
	for name, c := range table {
		wait.Go(func() { t.Run(name, func(t *testing.T) { test(t, c) }) })
	}
	wait.Wait()
}

// only waits until the phone has had one call, which is over.
func only(t *testing.T, phone *siptest.Phone) siptest.Call {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := phone.Wait(ctx, func(calls []siptest.Call) bool { return len(calls) == 1 && calls[0].Over() })
	if err != nil {
		t.Fatal(err)
	}
	return phone.Calls()[0]
}

func TestPressOne(t *testing.T) {
	t.Parallel()
	menu := []siptest.Press{{Key: '1', Menus: 1}}
	each(t, map[string]siptest.Script{
		"telephone-event":   {Press: menu},
		"after a long ring": {Press: menu, RingFor: 500 * time.Millisecond},
		"INFO":              {Press: []siptest.Press{{Key: '1', Menus: 1, Info: true}}},
		"INFO, no events":   {Press: []siptest.Press{{Key: '1', Menus: 1, Info: true}}, NoEvent: true, Mute: true},
		"A-law":             {Press: menu, Codecs: []media.Codec{media.PCMA}},
		"lossy":             {Press: menu, Lose: 12},
		"moves its audio":   {Press: menu, Move: true},
	}, func(t *testing.T, script siptest.Script) {
		phone := startPhone(t, script)
		p := page(phone.URI())
		p.Priority = ""
		reports := send(t, t.Context(), newChannel(t, quick()), p)
		if got := stages(reports); got != "ringing answered done acknowledge" {
			t.Fatalf("stages: %s; %+v", got, reports[len(reports)-1])
		}
		call := only(t, phone)
		want := append(announced(p), "vi/press-1", "vi/acknowledged")
		if got := call.Heard(); !slices.Equal(got, want) {
			t.Errorf("heard %v, want %v", got, want)
		}
		if script.Lose > 0 && call.Lost == 0 {
			t.Error("nothing was lost")
		}
		if call.EndedBy != siptest.Caller || call.Pressed != "1" {
			t.Errorf("ended by %q, pressed %q", call.EndedBy, call.Pressed)
		}
	})
}

func TestBargeIn(t *testing.T) {
	t.Parallel()
	phone := startPhone(t, siptest.Script{Press: []siptest.Press{{Key: '1', After: 700 * time.Millisecond}}})
	reports := send(t, t.Context(), newChannel(t, quick()), page(phone.URI()))
	if got := stages(reports); got != "ringing answered done acknowledge" {
		t.Fatalf("stages: %s", got)
	}
	heard := only(t, phone).Heard()
	if slices.Contains(heard, "vi/press-1") || heard[len(heard)-1] != "vi/acknowledged" {
		t.Errorf("heard %v: the announcement should have been cut short", heard)
	}
}

func TestWrongKeySpeaksMenuAgain(t *testing.T) {
	t.Parallel()
	config := quick()
	config.Repeats = 3
	phone := startPhone(t, siptest.Script{Press: []siptest.Press{{Key: '5', Menus: 1}, {Key: '1', Menus: 2}}})
	p := short(phone.URI())
	p.Language = "fr" // not spoken; English is
	reports := send(t, t.Context(), newChannel(t, config), p)
	if got := stages(reports); got != "ringing answered done acknowledge" {
		t.Fatalf("stages: %s", got)
	}
	want := []string{"en/keng-alert", "en/press-1", "en/press-1", "en/acknowledged"} // no menu to its end
	if got := only(t, phone).Heard(); !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
}

func TestNoReply(t *testing.T) {
	t.Parallel()
	each(t, map[string]func(*testing.T){
		"listens to the end": func(t *testing.T) {
			phone := startPhone(t, siptest.Script{Mute: true})
			reports := send(t, t.Context(), newChannel(t, quick()), short(phone.URI()))
			if got := stages(reports); got != "ringing answered failed no-reply" {
				t.Fatalf("stages: %s", got)
			}
			call := only(t, phone)
			want := []string{"vi/keng-alert", "vi/press-1", "vi/press-2-3", "vi/keng-alert", "vi/press-1", "vi/press-2-3"}
			if got := call.Heard(); !slices.Equal(got, want) {
				t.Errorf("heard %v, want %v", got, want)
			}
			if call.EndedBy != siptest.Caller {
				t.Errorf("ended by %q", call.EndedBy)
			}
		},
		"hangs up": func(t *testing.T) {
			phone := startPhone(t, siptest.Script{HangUpMenus: 1})
			reports := send(t, t.Context(), newChannel(t, quick()), short(phone.URI()))
			if got := stages(reports); got != "ringing answered failed no-reply" {
				t.Fatalf("stages: %s", got)
			}
			if call := only(t, phone); call.EndedBy != siptest.Callee {
				t.Errorf("ended by %q", call.EndedBy)
			}
		},
		"presses nonsense": func(t *testing.T) {
			config := quick()
			config.MaxCall = 2 * time.Second
			var presses []siptest.Press
			for i := range 10 {
				presses = append(presses, siptest.Press{Key: '9', After: time.Duration(i) * 300 * time.Millisecond})
			}
			phone := startPhone(t, siptest.Script{Press: presses})
			start := time.Now()
			reports := send(t, t.Context(), newChannel(t, config), page(phone.URI()))
			if got := stages(reports); got != "ringing answered failed no-reply" {
				t.Fatalf("stages: %s", got)
			}
			if took := time.Since(start); took < config.MaxCall {
				t.Errorf("ended after %s, before the longest call", took)
			}
			only(t, phone)
		},
	}, func(t *testing.T, test func(*testing.T)) { test(t) })
}

func TestRejected(t *testing.T) {
	t.Parallel()
	table := map[string]channel.Failure{
		"486": channel.Busy, "600": channel.Busy, "603": channel.Declined,
		"480": channel.Unanswered, "408": channel.Unanswered,
		"404": channel.Refused, "410": channel.Refused, "484": channel.Refused, "604": channel.Refused, // one trunk's word buries nobody
		"403": channel.Refused, "503": channel.Unavailable, "302": channel.Refused,
	}
	each(t, table, func(t *testing.T, want channel.Failure) {
		status, err := strconv.Atoi(filepath.Base(t.Name()))
		if err != nil {
			t.Fatal(err)
		}
		phone := startPhone(t, siptest.Script{Fate: siptest.Reject, Status: status, RingFor: time.Millisecond})
		reports := send(t, t.Context(), newChannel(t, quick()), page(phone.URI()))
		if got := stages(reports); got != "ringing failed "+string(want) {
			t.Errorf("%s, want failed %s", got, want)
		}
		if call := only(t, phone); call.Rejected != status {
			t.Errorf("the phone rejected with %d", call.Rejected)
		}
	})
}

func TestRingsForever(t *testing.T) {
	t.Parallel()
	phone := startPhone(t, siptest.Script{Fate: siptest.RingForever})
	reports := send(t, t.Context(), newChannel(t, quick()), page(phone.URI()))
	if got := stages(reports); got != "ringing failed unanswered" {
		t.Fatalf("stages: %s", got)
	}
	if call := only(t, phone); !call.Cancelled {
		t.Error("the phone still rings")
	}
}

func TestTakenBack(t *testing.T) {
	t.Parallel()
	type test struct {
		script siptest.Script
		when   channel.Stage
		want   string
	}
	each(t, map[string]test{
		"while ringing": {siptest.Script{Fate: siptest.RingForever}, channel.Ringing, "ringing cancelled"},
		"when answered": {siptest.Script{}, channel.Answered, "ringing answered cancelled"},
	}, func(t *testing.T, test test) {
		phone := startPhone(t, test.script)
		c := newChannel(t, quick())
		ctx, cancel := context.WithCancel(t.Context())
		var reports []channel.Report
		var cancelled time.Time
		final := c.Send(ctx, page(phone.URI()), func(r channel.Report) {
			reports = append(reports, r)
			if r.Stage == test.when {
				cancelled = time.Now()
				cancel()
			}
		})
		if took := time.Since(cancelled); took > time.Second {
			t.Errorf("returned %s after it was taken back", took)
		}
		if got := stages(append(reports, final)); got != test.want {
			t.Errorf("stages: %s, want %s", got, test.want)
		}
		if call := only(t, phone); call.EndedBy != siptest.Caller || call.Cancelled != (test.when == channel.Ringing) {
			t.Errorf("ended by %q, cancelled %t", call.EndedBy, call.Cancelled)
		}
	})
}

func TestCloseHangsUp(t *testing.T) {
	t.Parallel()
	phone := startPhone(t, siptest.Script{})
	c := newChannel(t, quick())
	var closing sync.WaitGroup
	final := c.Send(t.Context(), page(phone.URI()), func(r channel.Report) {
		if r.Stage == channel.Answered {
			closing.Go(c.Close)
		}
	})
	closing.Wait()
	if final.Stage != channel.Cancelled {
		t.Errorf("final stage %s, want cancelled", final.Stage)
	}
	if call := only(t, phone); call.EndedBy != siptest.Caller {
		t.Errorf("ended by %q", call.EndedBy)
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	phone := startPhone(t, siptest.Script{Fate: siptest.RingForever})
	config := quick()
	config.RingTimeout = patience
	c := newChannel(t, config)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if got := stages(send(t, ctx, c, page(phone.URI()))); got != "ringing failed unanswered" {
		t.Errorf("stages: %s", got)
	}
	only(t, phone)
}

func TestExpired(t *testing.T) {
	t.Parallel()
	phone := startPhone(t, siptest.Script{})
	p := page(phone.URI())
	p.SendBy = time.Now().Add(-time.Second)
	if got := stages(send(t, t.Context(), newChannel(t, quick()), p)); got != "failed expired" {
		t.Errorf("stages: %s", got)
	}
	if calls := phone.Calls(); len(calls) != 0 {
		t.Errorf("the phone was called all the same: %+v", calls)
	}
}

func TestTwoCallsAtOnce(t *testing.T) {
	t.Parallel()
	c := newChannel(t, quick())
	var calls sync.WaitGroup
	for _, id := range []string{"17", "80"} {
		phone := startPhone(t, siptest.Script{Press: []siptest.Press{{Key: '1', Menus: 1}}})
		p := page(phone.URI())
		p.ID, p.TinyID = "d-"+id, id
		calls.Go(func() {
			if got := stages(send(t, t.Context(), c, p)); got != "ringing answered done acknowledge" {
				t.Errorf("alert %s: %s", id, got)
			}
			want := append(announced(p), "vi/press-1", "vi/acknowledged")
			if got := only(t, phone).Heard(); !slices.Equal(got, want) {
				t.Errorf("alert %s: heard %v, want %v", id, got, want)
			}
		})
	}
	calls.Wait()
}
