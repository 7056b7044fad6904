package channeltest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"keng/proto/channel"
)

// atOnceMax bounds how many pages the suite has under way at the same time.
const atOnceMax = 16

func (c Case) describes(t *testing.T) {
	ch := c.Open(t).Channel
	d := ch.Describe()
	if d.Kind == "" {
		t.Error("Kind is empty")
	}
	for _, language := range []channel.Language{channel.Vietnamese, channel.English} {
		if strings.TrimSpace(d.Name[language]) == "" {
			t.Errorf("Name has no %q", language)
		}
		if strings.TrimSpace(d.Address[language]) == "" {
			t.Errorf("Address has no %q", language)
		}
	}
	if d.Timeout <= 0 || d.Timeout > 10*time.Minute {
		t.Errorf("Timeout is %v; want a bound between 0 and 10 minutes", d.Timeout)
	}
	if d.Concurrent < 1 {
		t.Errorf("Concurrent is %d; want at least 1", d.Concurrent)
	}
	if !reflect.DeepEqual(d, ch.Describe()) {
		t.Error("a second Describe says something else")
	}
}

// ends asserts how a page ends at an end with this behaviour.
func (c Case) ends(t *testing.T, behaviour Behaviour, failures []channel.Failure) {
	s := c.Open(t)
	address := s.Address(behaviour)
	final := send(t.Context(), t, s.Channel, NewPage(s.Channel.Describe().Kind, "ends", address))
	wantFate(t, final, failures)
	if behaviour == Accepts {
		ctx, cancel := context.WithTimeout(t.Context(), c.Prompt)
		defer cancel()
		if err := s.Reached(ctx, address); err != nil {
			t.Errorf("the page ended as done, but never reached its end: %v", err)
		}
	}
}

func (c Case) keepsDeadline(t *testing.T) {
	s := c.Open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	final := send(ctx, t, s.Channel, NewPage(s.Channel.Describe().Kind, "late", s.Address(Stalls)))
	if took := time.Since(begin); took > 200*time.Millisecond+c.Prompt {
		t.Errorf("returned after %v; its deadline was 200 ms", took)
	}
	wantFate(t, final, c.Fates[Stalls])
}

func (c Case) cancels(t *testing.T) {
	s := c.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address := s.Address(Stalls)
	cancelled := make(chan time.Time, 1)
	go func() {
		if err := s.Reached(ctx, address); err != nil {
			t.Errorf("the page never reached its end: %v", err)
		}
		cancelled <- time.Now()
		cancel()
	}()
	final := send(ctx, t, s.Channel, NewPage(s.Channel.Describe().Kind, "cancel", address))
	if final.Stage != channel.Cancelled {
		t.Fatalf("ended as %q (%s); want cancelled", final.Stage, final.Detail)
	}
	if took := time.Since(<-cancelled); took > c.Prompt {
		t.Errorf("returned %v after the cancel", took)
	}
}

func (c Case) cancelledBefore(t *testing.T) {
	s := c.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	address := s.Address(Accepts)
	final := send(ctx, t, s.Channel, NewPage(s.Channel.Describe().Kind, "before", address))
	if final.Stage != channel.Cancelled {
		t.Errorf("ended as %q (%s); want cancelled", final.Stage, final.Detail)
	}
	c.wantNotReached(t, s, address)
}

// cancelRaces cancels while an end is about to accept: either may win, nothing
// else may happen.
func (c Case) cancelRaces(t *testing.T) {
	s := c.Open(t)
	kind := s.Channel.Describe().Kind
	for i := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		address := s.Address(Accepts)
		var wait sync.WaitGroup
		wait.Go(func() {
			if err := s.Reached(ctx, address); err == nil {
				cancel()
			}
		})
		final := send(ctx, t, s.Channel, NewPage(kind, fmt.Sprintf("race-%d", i), address))
		cancel()
		wait.Wait()
		if final.Stage != channel.Done && final.Stage != channel.Cancelled {
			t.Errorf("ended as %q (%s: %s); want done or cancelled", final.Stage, final.Failure, final.Detail)
		}
	}
}

func (c Case) expired(t *testing.T) {
	s := c.Open(t)
	address := s.Address(Accepts)
	page := NewPage(s.Channel.Describe().Kind, "expired", address)
	page.SendBy = time.Now().Add(-time.Second)
	wantFate(t, send(t.Context(), t, s.Channel, page), []channel.Failure{channel.Expired})
	c.wantNotReached(t, s, address)
}

func (c Case) badAddresses(t *testing.T) {
	s := c.Open(t)
	kind := s.Channel.Describe().Kind
	bad := append([]string{
		"", " ", "\x00", "\xff\xfe", "a\r\nX-Injected: yes", "☎ gọi tôi", strings.Repeat("9", 64<<10), "//", "%", "<sip:>", "\t\n",
	}, c.Bad...)
	for i, address := range bad {
		final := send(t.Context(), t, s.Channel, NewPage(kind, fmt.Sprintf("bad-%d", i), address))
		wanted := []channel.Failure{channel.Misconfigured, channel.DeadContact}
		if final.Stage != channel.Failed || !slices.Contains(wanted, final.Failure) {
			t.Errorf("address %.40q: ended as %q, failure %q (%s); want failed, one of %q", address, final.Stage, final.Failure, final.Detail, wanted)
		}
	}
}

// hostilePages sends what no hub should send. Each must still come to an end, and
// a good address must be reached: a strange title is no reason not to page.
func (c Case) hostilePages(t *testing.T) {
	s := c.Open(t)
	kind := s.Channel.Describe().Kind
	for name, spoil := range map[string]func(*channel.Page){
		"no words":           func(p *channel.Page) { p.Title, p.Body = "", "" },
		"control characters": func(p *channel.Page) { p.Title, p.Body = "a\x00b\r\nc\x1b[2J", "\x07<>&\"'\u2028" },
		"not UTF-8":          func(p *channel.Page) { p.Title, p.Body = "\xff\xfe\xc3", "tiếng Vi\xe1" },
		"very long": func(p *channel.Page) {
			p.Title, p.Body = strings.Repeat("dài ", 1<<10), strings.Repeat("<ố>😀", 1<<12)
		},
		"unknown language":   func(p *channel.Page) { p.Language = "xx" },
		"unknown priority":   func(p *channel.Page) { p.Priority = "P0; DROP" },
		"nothing but an end": func(p *channel.Page) { *p = channel.Page{ID: p.ID, Kind: p.Kind, Address: p.Address, SendBy: p.SendBy} },
		"late and repeated":  func(p *channel.Page) { p.LateBy, p.Repeat = 100*time.Hour, true },
		"odd ids":            func(p *channel.Page) { p.AlertID, p.TinyID = strings.Repeat("é\n", 500), "no digits" },
	} {
		page := NewPage(kind, "hostile", s.Address(Accepts))
		spoil(&page)
		if final := send(t.Context(), t, s.Channel, page); final.Stage != channel.Done {
			t.Errorf("%s: ended as %q, failure %q (%s); want done", name, final.Stage, final.Failure, final.Detail)
		}
	}
}

func (c Case) concurrent(t *testing.T) {
	s := c.Open(t)
	d := s.Channel.Describe()
	var wait sync.WaitGroup
	for i := range min(d.Concurrent, atOnceMax) {
		wait.Go(func() {
			final := send(t.Context(), t, s.Channel, NewPage(d.Kind, fmt.Sprintf("many-%d", i), s.Address(Accepts)))
			if final.Stage != channel.Done {
				t.Errorf("page %d ended as %q, failure %q (%s)", i, final.Stage, final.Failure, final.Detail)
			}
		})
	}
	wait.Wait()
}
