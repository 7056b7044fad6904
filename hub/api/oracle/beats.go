package oracle

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// beat is a heartbeat as the API tells it.
type beat struct {
	enabled, expired bool
	minutes          int // of its interval
	message          string
	awaited, pinged  time.Time // from when the next ping is awaited, and the last one; zero: never
}

// beats plays steps about heartbeats.
type beats struct {
	hub   *Hub
	step  Step
	named map[string]*beat
	calls []string
}

// PlayHeartbeats plays steps about heartbeats to a hub that has none, and no alert, and in which somebody waits. A
// ping is heard before the next call. It returns the first disagreement, after the calls that led to it.
func PlayHeartbeats(hub *Hub, steps []Step) error {
	p := &beats{hub: hub, named: map[string]*beat{}}
	for _, step := range steps {
		p.step = step
		err := p.move()
		if err == nil {
			err = p.look()
		}
		if err != nil {
			return fmt.Errorf("%w\nafter\n%s", err, strings.Join(p.calls, "\n"))
		}
	}
	return nil
}

// call makes a call and checks the code of the reply: want if there is the heartbeat, else otherwise.
func (p *beats) call(method, path, body string, there bool, want, otherwise int) (Reply, error) {
	p.calls = append(p.calls, method+" "+path+" "+body)
	if !there {
		want = otherwise
	}
	r := p.hub.Write(method, path, body)
	if r.Status != want {
		return r, fmt.Errorf("HTTP %d %v, by the model %d", r.Status, r.Body, want)
	}
	return r, nil
}

func (p *beats) move() error {
	name := pick(p.step.Alert, "backup", "sao lưu/đêm", "100%")
	path, b := "/v2/heartbeats/"+url.PathEscape(name), p.named[name]
	there := b != nil
	minutes := pick(p.step.A, 60, 120, 240)
	switch p.step.Kind % 8 {
	case 0, 1:
		enabled, message := p.step.B%4 != 0, pick(p.step.C, "", "the backup has stopped")
		body := fmt.Sprintf(`{"name":%q,"interval":%d,"intervalUnit":"hours","enabled":%t,"alertMessage":%q,"ownerTeam":{"name":%q}}`, name, minutes/60, enabled, message, p.hub.Team.Name)
		if _, err := p.call("POST", "/v2/heartbeats", body, !there, 201, 409); err != nil {
			return err
		}
		if !there {
			p.named[name] = &beat{enabled: enabled, minutes: minutes, message: message}
		}
	case 2:
		if _, err := p.call("DELETE", path, "", there, 200, 404); err != nil {
			return err
		}
		delete(p.named, name)
	case 3: // the Go client says the interval each time
		if _, err := p.call("PATCH", path, fmt.Sprintf(`{"name":%q,"interval":%d,"intervalUnit":"minutes"}`, name, minutes), there, 200, 404); err != nil {
			return err
		}
		if there {
			b.resize(minutes, p.hub.Now())
			p.hub.Wait(p.hub.Now())
		}
	case 4:
		word := pick(p.step.B, "enable", "disable")
		if _, err := p.call(pick(p.step.C, "POST", "PUT", "PATCH"), path+"/"+word, "", there, 200, 404); err != nil {
			return err
		}
		if there {
			b.turn(word == "enable", p.hub.Now())
		}
	case 5, 6:
		if _, err := p.call(pick(p.step.C, "GET", "POST", "PUT", "PATCH"), path+"/ping", "", true, 202, 202); err != nil {
			return err
		}
		if there && b.enabled {
			b.pinged, b.awaited, b.expired = p.hub.Now(), p.hub.Now(), false
		}
	default: // no sum of these is within minutes of an interval: it does not matter how long the calls take
		until := p.hub.Now().Add(time.Duration(pick(p.step.A, 25, 50, 100)) * time.Minute)
		p.calls = append(p.calls, "wait until "+until.String())
		p.hub.Wait(until)
	}
	for _, b := range p.named {
		if b.enabled && !b.awaited.IsZero() && p.hub.Now().After(b.awaited.Add(time.Duration(b.minutes)*time.Minute)) {
			b.expired = true
		}
	}
	return nil
}

// resize changes the interval. Ours: one that is over by that has ten minutes yet to speak.
func (b *beat) resize(minutes int, now time.Time) {
	b.minutes = minutes
	interval := time.Duration(minutes) * time.Minute
	if b.enabled && !b.expired && !b.awaited.IsZero() && now.After(b.awaited.Add(interval)) {
		b.awaited = now.Add(10*time.Minute - interval)
	}
}

// turn switches a heartbeat on or off. Ours: one that is off awaits nothing; one that is on again, and was pinged
// before, is awaited from then on.
func (b *beat) turn(on bool, now time.Time) {
	switch {
	case !on:
		b.expired, b.awaited = false, time.Time{}
	case !b.enabled && !b.pinged.IsZero():
		b.awaited = now
	}
	b.enabled = on
}

// look compares every heartbeat, and the alerts of those that have expired.
func (p *beats) look() error {
	listed, _ := p.hub.Read("GET", "/v2/heartbeats", "").data("heartbeats").([]any)
	if len(listed) != len(p.named) {
		return fmt.Errorf("%d heartbeats are listed, by the model %d", len(listed), len(p.named))
	}
	var want, got []string
	for _, name := range slices.Sorted(maps.Keys(p.named)) {
		b := p.named[name]
		message := b.message
		if message == "" {
			message = name + " is expired"
		}
		if b.expired {
			want = append(want, message+" P3 team "+p.hub.Team.ID)
		}
		r := p.hub.Read("GET", "/v2/heartbeats/"+url.PathEscape(name), "")
		interval, _ := r.data("interval").(float64)
		unit, _ := r.data("intervalUnit").(string)
		length := time.Duration(interval) * map[string]time.Duration{"minutes": time.Minute, "hours": time.Hour}[unit]
		if r.data("name") != name || r.data("enabled") != b.enabled || r.data("expired") != b.expired || length != time.Duration(b.minutes)*time.Minute ||
			r.data("alertMessage") != message || (r.data("lastPingTime") != nil) != !b.pinged.IsZero() {
			return fmt.Errorf("heartbeat %s: HTTP %d %v, by the model %+v", name, r.Status, r.Body, *b)
		}
	}
	for _, a := range p.hub.Read("GET", "/v2/alerts?query=status:open&limit=100", "").list() {
		responders, _ := a["responders"].([]any)
		for _, r := range responders {
			who, _ := r.(map[string]any)
			got = append(got, fmt.Sprint(a["message"], " ", a["priority"], " ", who["type"], " ", who["id"]))
		}
	}
	slices.Sort(want)
	if slices.Sort(got); !slices.Equal(got, want) {
		return fmt.Errorf("the open alerts are %q, by the model %q", got, want)
	}
	return nil
}
