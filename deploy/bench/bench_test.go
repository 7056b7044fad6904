package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

func TestVerdict(t *testing.T) {
	rate := figure{floor: 10, goal: 20, higher: true}
	delay := figure{floor: 20, goal: 10}
	for _, c := range []struct {
		figure figure
		value  float64
		want   string
	}{
		{rate, 9, missed}, {rate, 10, "floor"}, {rate, 20, "goal"},
		{delay, 21, missed}, {delay, 20, "floor"}, {delay, 10, "goal"},
		{figure{goal: 1}, 1, "goal"}, {figure{goal: 1}, 2, "-"}, {figure{floor: 1}, 1, "floor"}, {figure{}, 0, "-"},
	} {
		if got := c.figure.verdict(c.value); got != c.want {
			t.Errorf("%+v: %g is %q, want %q", c.figure, c.value, got, c.want)
		}
	}
}

func TestReportWantsEveryFigureAndEveryFloor(t *testing.T) {
	b := benchmark{figures: []figure{{key: "rate", floor: 2, higher: true}, {key: "ratio", floor: 1, higher: true, beside: true}}}
	for _, c := range []struct {
		peer   string
		values map[string][]float64
		want   string // in the error; empty for none
	}{
		{"", map[string][]float64{"rate": {1, 3, 2}}, ""},
		{"", map[string][]float64{"rate": {1, 1, 3}}, "the floor of rate does not hold"},
		{"", map[string][]float64{"rate": {3, 3}}, "rate was measured 2 times"},
		{"x", map[string][]float64{"rate": {3, 3, 3}}, "ratio was measured 0 times"},
		{"x", map[string][]float64{"rate": {3, 3, 3}, "ratio": {0, 0, 9}}, "the floor of ratio does not hold"},
	} {
		err := report(io.Discard, b, commands{Runs: 3, Peer: c.peer}, c.values)
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%v beside %q: %v, want %q", c.values, c.peer, err, c.want)
		}
	}
}

func TestDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := drive(t.Context(), 4, time.Second, func(_ context.Context, worker int) error {
			time.Sleep(time.Duration(1+worker) * 10 * time.Millisecond)
			return nil
		})
		if err != nil || len(m.took) != 100+50+34+25 {
			t.Fatalf("%d operations, %v", len(m.took), err)
		}
		if m.elapsed != 1020*time.Millisecond || m.quantile(0) != 10 || m.quantile(0.5) != 20 || m.quantile(1) != 40 {
			t.Errorf("in %v: %g, %g, %g ms", m.elapsed, m.quantile(0), m.quantile(0.5), m.quantile(1))
		}
	})
}

func TestDriveEndsWithTheFirstError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong := errors.New("wrong")
		_, err := drive(t.Context(), 4, time.Hour, func(ctx context.Context, worker int) error {
			time.Sleep(time.Duration(1+worker) * time.Second)
			if worker == 1 {
				return wrong
			}
			return ctx.Err()
		})
		if !errors.Is(err, wrong) {
			t.Error(err)
		}
		_, err = drive(t.Context(), 1, time.Second, func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if err == nil || !strings.Contains(err.Error(), "did not come to an end") {
			t.Error(err)
		}
	})
}

// status is a StatusResponse.
func status(self, leader uint64) []byte {
	var header, b []byte
	header = protowire.AppendVarint(protowire.AppendTag(header, 1, protowire.VarintType), 7)
	header = protowire.AppendVarint(protowire.AppendTag(header, 2, protowire.VarintType), self)
	b = protowire.AppendBytes(protowire.AppendTag(b, 1, protowire.BytesType), header)
	b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), "3.4.23")
	return protowire.AppendVarint(protowire.AppendTag(b, 4, protowire.VarintType), leader)
}

func TestLeads(t *testing.T) {
	for _, c := range []struct {
		status []byte
		want   bool
	}{{status(5, 5), true}, {status(5, 6), false}, {status(0, 0), false}, {nil, false}, {status(5, 5)[:9], false}} {
		if got := leads(c.status); got != c.want {
			t.Errorf("%x: %v", c.status, got)
		}
	}
}

func FuzzLeads(f *testing.F) {
	f.Add(status(5, 5))
	f.Add([]byte{0x0a, 0xff})
	f.Fuzz(func(_ *testing.T, b []byte) { leads(b) })
}
