package icmp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"keng/agent/check"
)

// limits are what is still good.
type limits struct {
	lostPercent  float64       // from this on it is down; more than 0, at most 100
	latencyAbove time.Duration // 0: any latency is good
}

// newLimits reads the values lost and latency_above.
func newLimits(values check.Values) (limits, error) {
	var l limits
	var err error
	if l.lostPercent, err = parsePercent(values.Text("lost")); err != nil {
		return limits{}, fmt.Errorf("lost: %w", err)
	}
	if text := values.Text("latency_above"); text != "" {
		if l.latencyAbove, err = time.ParseDuration(text); err != nil || l.latencyAbove <= 0 {
			return limits{}, fmt.Errorf("latency_above: %q is not a duration; write 80ms or 1s", text)
		}
	}
	return l, nil
}

// parsePercent reads "30%" or "30": more than 0, at most 100.
func parsePercent(text string) (float64, error) {
	percent, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "%")), 64)
	if err != nil || !(percent > 0 && percent <= 100) {
		return 0, fmt.Errorf("%q is not a share; write 1%% to 100%%", text)
	}
	return percent, nil
}

// tally is what came of the requests of one run.
type tally struct {
	sent    int
	trips   []time.Duration // of those that were answered, in the order of the answers
	refusal string          // the last reason why a request cannot arrive; "" if none was told
	by      netip.Addr      // who told it; invalid: this machine
	cut     time.Duration   // how long the run had, if it was ended by its time-out
}

func (t *tally) lost() int { return t.sent - len(t.trips) }

// trip returns the shortest, average and longest time of an answer.
func (t *tally) trip() (least, average, most time.Duration) {
	if len(t.trips) == 0 {
		return 0, 0, 0
	}
	least = t.trips[0]
	var sum time.Duration
	for _, trip := range t.trips {
		sum += trip
		least, most = min(least, trip), max(most, trip)
	}
	return least, sum / time.Duration(len(t.trips)), most
}

// describe adds what an alert should show.
func (t *tally) describe(details map[string]string) {
	details["sent"] = strconv.Itoa(t.sent)
	details["lost"] = strconv.Itoa(t.lost())
	if len(t.trips) > 0 {
		least, average, most := t.trip()
		details["latency_min"], details["latency_avg"], details["latency_max"] = brief(least), brief(average), brief(most)
	}
	if t.refusal != "" {
		details["refusal"] = t.refusal
	}
}

// judge says whether that is good, and what was seen. Wait is how long each request
// was waited for.
func (l *limits) judge(t tally, wait time.Duration) (check.State, string) {
	if t.sent > 0 && len(t.trips) == 0 {
		return check.Down, t.silence(wait)
	}
	_, average, _ := t.trip()
	seen := fmt.Sprintf("%d of %d answered, %s on average", len(t.trips), t.sent, brief(average))
	percent := 100 * float64(t.lost()) / float64(max(t.sent, 1))
	switch {
	case t.sent == 0:
		return check.Unknown, "no echo request could be sent in time"
	case percent >= l.lostPercent:
		return check.Down, fmt.Sprintf("%.0f%% lost: %s", percent, seen)
	case l.latencyAbove > 0 && average > l.latencyAbove:
		return check.Down, fmt.Sprintf("slow: %s, more than %s", seen, l.latencyAbove)
	default:
		return check.Up, seen
	}
}

// silence says why nothing was answered.
func (t *tally) silence(wait time.Duration) string {
	switch {
	case t.refusal != "" && t.by.IsValid():
		return fmt.Sprintf("%s, says %s", t.refusal, t.by)
	case t.refusal != "":
		return t.refusal
	case t.cut > 0:
		wait = min(wait, t.cut)
	}
	return fmt.Sprintf("no answer within %s, %d sent", wait.Round(time.Millisecond), t.sent)
}

// brief prints a time to a hundredth of a millisecond.
func brief(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }
