package route_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"keng/hub/core/route"
)

// notificationPolicy invents a policy of one team.
func (r asker) notificationPolicy(name string) route.NotificationPolicy {
	p := route.NotificationPolicy{ID: "id-" + name, Name: name, Team: "t1", Disabled: r.IntN(5) == 0, Suppress: r.IntN(6) == 0, Filter: r.criteria()}
	p.Restriction, p.Zone = r.restriction()
	if p.Zone == "" {
		p.Zone = r.pick(hanoi, "Europe/Berlin", "Atlantis")
	}
	if r.IntN(2) == 0 {
		p.Delay = &route.Delay{Option: route.DelayOption(1 + r.IntN(3)), For: time.Duration(r.IntN(120)) * time.Minute, Hour: r.IntN(24), Minute: r.IntN(60)}
	}
	if r.IntN(2) == 0 {
		p.Restart = &route.Restart{After: time.Duration(1+r.IntN(90)) * time.Minute, Most: 1 + r.IntN(4)}
	}
	if r.IntN(2) == 0 {
		p.Repeated = &route.Deduplication{Count: 2 + r.IntN(4), Within: time.Duration(r.IntN(2)*r.IntN(90)) * time.Minute}
	}
	if r.IntN(2) == 0 {
		p.CloseAfter = []time.Duration{1, time.Minute, time.Duration(1+r.IntN(500)) * time.Minute}[r.IntN(3)]
	}
	return p
}

// facts invents what has happened to an alert until now.
func (r asker) facts() route.Facts {
	f := route.Facts{Created: now.Add(-time.Duration(r.IntN(200)) * time.Minute), Restarts: r.IntN(5), Count: uint64(1 + r.IntN(6))}
	for range int(f.Count) - r.IntN(2) {
		f.Occurred = append(f.Occurred, f.Created.Add(time.Duration(r.Int64N(int64(now.Sub(f.Created))+1))).Truncate(time.Minute))
	}
	slices.SortFunc(f.Occurred, time.Time.Compare)
	if r.IntN(3) == 0 {
		f.Began = now.Add(-time.Duration(r.IntN(100)) * time.Minute)
	}
	return f
}

// plainVerdict is what one policy says of an alert: each of its parts for itself.
func plainVerdict(p *route.NotificationPolicy, f *route.Facts, at time.Time) (v route.Verdict) {
	v.Policy = p.ID
	begun := !f.Began.IsZero()
	if z, err := zones(p.Zone); p.Delay != nil && (err == nil || p.Delay.Option == route.ForDuration) {
		if err != nil {
			z = time.UTC
		}
		if end := p.Delay.Until(f.Created, z); end.UnixNano() > at.UnixNano() && !begun && !p.Suppress {
			v.DelayUntil = end
		}
	}
	if p.Repeated != nil && !begun && !p.Suppress {
		there := int(f.Count)
		if p.Repeated.Within > 0 {
			there = 0
			for _, o := range f.Occurred {
				if at.Sub(o) < p.Repeated.Within {
					there++
				}
			}
		}
		if there < p.Repeated.Count {
			v.HoldFor = p.Repeated.Count - there
		}
	}
	v.Suppress = p.Suppress
	began := f.Began
	if !begun {
		began = at
	}
	if p.Restart != nil && f.Restarts < p.Restart.Most && !p.Suppress && v.DelayUntil.IsZero() && v.HoldFor == 0 {
		v.RestartAt = began.Add(p.Restart.After)
	}
	if p.CloseAfter > 0 {
		v.CloseAt = f.Created.Add(p.CloseAfter)
		for _, o := range f.Occurred {
			if end := o.Add(p.CloseAfter); end.After(v.CloseAt) {
				v.CloseAt = end
			}
		}
	}
	return v
}

// plainJudge lets the first policy that has a say judge; unknown is how many had none for want
// of a zone.
func plainJudge(list []route.NotificationPolicy, s *route.Subject, f *route.Facts, maintenance []route.Maintenance, at time.Time) (v route.Verdict, unknown int) {
	for i := range list {
		p := &list[i]
		on, _ := plainOn(maintenance, route.APolicy, p.ID, !p.Disabled, at)
		if in, known := plainIn(p.Restriction, p.Zone, at); !on || !plainAll(&p.Filter, s) {
			continue
		} else if !known {
			unknown++
		} else if in {
			return plainVerdict(p, f, at), unknown
		}
	}
	return v, unknown
}

func sameVerdict(a, b *route.Verdict) bool {
	return a.Policy == b.Policy && a.Suppress == b.Suppress && a.DelayUntil.Equal(b.DelayUntil) && a.HoldFor == b.HoldFor && a.RestartAt.Equal(b.RestartAt) && a.CloseAt.Equal(b.CloseAt)
}

// Every verdict is that of a second, plain judge; and each of its parts came about.
func TestVerdictsAsPlainlyJudged(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(8000) {
		r := asker{newRandom(seed)}
		s, f := r.subject(), r.facts()
		s.Payload = nil
		var list []route.NotificationPolicy
		for n := range r.IntN(5) {
			list = append(list, r.notificationPolicy(string(rune('a'+n))))
		}
		maintenance := r.maintenance("id-a", "id-b")
		w := world()
		w.Maintenance = route.InForce(maintenance, now)
		got := route.Judge(list, &s, &f, w)
		want, unknown := plainJudge(list, &s, &f, maintenance, now)
		if !sameVerdict(&got, &want) {
			t.Fatalf("ogapi-8.notification.first, ogapi-8.notification.together and their like: seed %d:\n%+v, and plainly\n%+v", seed, got, want)
		}
		told := 0
		for _, reason := range got.Reasons {
			if len(reason) > 13 && reason[len(reason)-12:] == "is not known" {
				told++
			}
		}
		if told < unknown {
			t.Fatalf("keng-8.notification.zone-unknown: seed %d: %d policies had no say: %q", seed, unknown, got.Reasons)
		}
		for part, there := range map[string]bool{"suppress": got.Suppress, "delay": !got.DelayUntil.IsZero(), "hold": got.HoldFor > 0, "restart": !got.RestartAt.IsZero(), "close": !got.CloseAt.IsZero(), "nobody": got.Policy == "", "unknown": unknown > 0} {
			if there {
				seen[part]++
			}
		}
	}
	for _, part := range []string{"suppress", "delay", "hold", "restart", "close", "nobody", "unknown"} {
		if seen[part] < 50 {
			t.Errorf("only %d verdicts with %s: this proves little", seen[part], part)
		}
	}
}

// always returns a policy that has a say at every moment and of everything.
func (r asker) always() route.NotificationPolicy {
	p := r.notificationPolicy("a")
	p.Disabled, p.Restriction, p.Zone, p.Filter = false, nil, hanoi, route.Criteria{}
	return p
}

// As time goes by, and nothing else happens, a delay stays where it is until it is past, and
// then is none for ever; an alert is closed when it was said; and suppressed is suppressed.
func TestVerdictsAsTimeGoesBy(t *testing.T) {
	for seed := range uint64(2000) {
		r := asker{newRandom(seed)}
		p, f, s := r.always(), r.facts(), route.Subject{}
		f.Began = time.Time{}
		w := world()
		first := route.Judge([]route.NotificationPolicy{p}, &s, &f, w)
		last := first
		for range 40 {
			w.Now = w.Now.Add(time.Duration(1+r.IntN(90)) * time.Minute)
			v := route.Judge([]route.NotificationPolicy{p}, &s, &f, w)
			switch {
			case v.Suppress != first.Suppress:
				t.Fatalf("ogapi-8.notification.suppress: seed %d: %+v, and then %+v", seed, first, v)
			case !v.CloseAt.Equal(first.CloseAt):
				t.Fatalf("keng-8.closing.last: seed %d: closed at %s, and then at %s", seed, first.CloseAt, v.CloseAt)
			case !v.DelayUntil.IsZero() && !v.DelayUntil.Equal(first.DelayUntil):
				t.Fatalf("keng-8.notification.delay-from-creation: seed %d: delayed until %s, and then %s", seed, first.DelayUntil, v.DelayUntil)
			case v.DelayUntil.IsZero() && !first.DelayUntil.IsZero() && w.Now.Before(first.DelayUntil):
				t.Fatalf("keng-8.notification.delay-over: seed %d: no longer delayed at %s", seed, w.Now)
			case !v.DelayUntil.IsZero() && last.DelayUntil.IsZero():
				t.Fatalf("keng-8.notification.delay-over: seed %d: delayed again at %s", seed, w.Now)
			case p.Repeated != nil && p.Repeated.Within == 0 && v.HoldFor != first.HoldFor:
				t.Fatalf("ogapi-8.deduplication.value: seed %d: held for %d, and then %d", seed, first.HoldFor, v.HoldFor)
			case v.HoldFor < last.HoldFor:
				t.Fatalf("ogapi-8.deduplication.frequency: seed %d: held for %d, and then %d, though it did not occur", seed, last.HoldFor, v.HoldFor)
			}
			last = v
		}
	}
}

// Of what is held, so many further occurrences at once as were said are enough, and one less is
// not. What has begun is never held up again.
func TestAsManyOccurrencesAsWereSaid(t *testing.T) {
	for seed := range uint64(3000) {
		r := asker{newRandom(seed)}
		p, f, s := r.always(), r.facts(), route.Subject{}
		p.Delay, p.Suppress, f.Began = nil, false, time.Time{}
		w := world()
		first := route.Judge([]route.NotificationPolicy{p}, &s, &f, w)
		for left := first.HoldFor; left > 0; left-- {
			if v := route.Judge([]route.NotificationPolicy{p}, &s, &f, w); v.HoldFor != left || v.Now() || !v.RestartAt.IsZero() {
				t.Fatalf("ogapi-8.deduplication.value, ogapi-8.deduplication.frequency, keng-8.restart.not-begun: seed %d: held for %d, want %d", seed, v.HoldFor, left)
			}
			f.Count++
			f.Occurred = append(f.Occurred, w.Now)
		}
		v := route.Judge([]route.NotificationPolicy{p}, &s, &f, w)
		if !v.Now() || v.RestartAt.IsZero() != (p.Restart == nil || f.Restarts >= p.Restart.Most) {
			t.Fatalf("ogapi-8.deduplication.value, ogapi-8.deduplication.frequency: seed %d: still held: %+v", seed, v)
		}
		f.Began = w.Now
		for range 10 {
			w.Now = w.Now.Add(time.Duration(r.IntN(600)) * time.Minute)
			if v := route.Judge([]route.NotificationPolicy{p}, &s, &f, w); !v.Now() {
				t.Fatalf("keng-8.notification.begun: seed %d: held up after it began: %+v", seed, v)
			}
		}
	}
}

// An alert lives by its verdicts alone: it is looked at when they say so, and when it occurs.
// Notifying begins at the end of the delay and no sooner; it begins anew so often as was said,
// each time so long after the last; the alert is closed so long after it last occurred; and at
// every moment there is something that is waited for, or a reason why not.
func TestALifeByVerdicts(t *testing.T) {
	begun, restarted, closed := 0, 0, 0
	for seed := range uint64(3000) {
		r := asker{newRandom(seed)}
		p, s := r.always(), route.Subject{}
		f := route.Facts{Created: now, Count: 1, Occurred: []time.Time{now}}
		w := world()
		occurs := now.Add(time.Duration(1+r.IntN(120)) * time.Minute)
		for step := 0; ; step++ {
			if step > 60 {
				t.Fatalf("ogapi-8.restart.count: seed %d: an alert without an end: %+v", seed, f)
			}
			v := route.Judge([]route.NotificationPolicy{p}, &s, &f, w)
			if !v.CloseAt.IsZero() && !v.CloseAt.After(w.Now) {
				if want := f.Occurred[len(f.Occurred)-1].Add(p.CloseAfter); !w.Now.Equal(want) && p.CloseAfter > 0 {
					t.Fatalf("keng-8.closing.last: seed %d: closed at %s, want %s", seed, w.Now, want)
				}
				closed++
				break
			}
			if v.Now() && f.Began.IsZero() {
				if p.Delay != nil && w.Now.Before(p.Delay.Until(now, zone(t, hanoi))) || p.Repeated != nil && p.Repeated.Within == 0 && f.Count < uint64(p.Repeated.Count) {
					t.Fatalf("keng-8.notification.begun: seed %d: begun too soon, at %s: %+v", seed, w.Now, p)
				}
				f.Began, begun = w.Now, begun+1
				continue
			}
			if !f.Began.IsZero() && !v.RestartAt.IsZero() && !v.RestartAt.After(w.Now) {
				if w.Now.Sub(f.Began) != p.Restart.After {
					t.Fatalf("ogapi-8.restart.at: seed %d: begun anew after %s, want %s", seed, w.Now.Sub(f.Began), p.Restart.After)
				}
				f.Began, f.Restarts, restarted = w.Now, f.Restarts+1, restarted+1
				continue
			}
			var next time.Time
			for _, moment := range []time.Time{v.DelayUntil, v.RestartAt, v.CloseAt, occurs} {
				if moment.After(w.Now) && (next.IsZero() || moment.Before(next)) {
					next = moment
				}
			}
			if next.IsZero() { // nothing happens any more: there must be a reason
				if f.Began.IsZero() && !v.Suppress && v.HoldFor == 0 {
					t.Fatalf("keng-8.notification.consistent: seed %d: forgotten: %+v of %+v", seed, v, f)
				}
				if p.Restart != nil && !f.Began.IsZero() && !p.Suppress && f.Restarts != p.Restart.Most {
					t.Fatalf("ogapi-8.restart.count: seed %d: begun anew %d times of %d", seed, f.Restarts, p.Restart.Most)
				}
				break
			}
			if w.Now = next; next.Equal(occurs) {
				f.Count++
				f.Occurred = append(f.Occurred, next)
				if occurs = next.Add(time.Duration(1+r.IntN(300)) * time.Minute); r.IntN(6) == 0 {
					occurs = time.Time{}
				}
			}
		}
	}
	if begun < 500 || restarted < 500 || closed < 500 {
		t.Errorf("begun %d times, anew %d times, closed %d times: this proves little", begun, restarted, closed)
	}
}

// A policy that has no say does not matter, wherever it stands before the one that decides;
// nor does anything after that one.
func TestPoliciesWithoutASay(t *testing.T) {
	for seed := range uint64(3000) {
		r := asker{newRandom(seed)}
		s, f := r.subject(), r.facts()
		s.Payload = nil
		var list []route.NotificationPolicy
		for n := range 4 {
			list = append(list, r.notificationPolicy(fmt.Sprint(n)))
		}
		want := route.Judge(list, &s, &f, world())
		place := slices.IndexFunc(list, func(p route.NotificationPolicy) bool { return p.ID == want.Policy })
		if place < 0 {
			place = len(list)
			if !want.Now() || want.Suppress || !want.CloseAt.IsZero() || !want.RestartAt.IsZero() {
				t.Fatalf("ogapi-8.notification.none: seed %d: %+v", seed, want)
			}
		}
		mute := r.notificationPolicy("mute")
		mute.Suppress, mute.Disabled = true, true
		foreign := r.notificationPolicy("foreign")
		foreign.Suppress, foreign.Filter = true, route.Criteria{Join: route.AnyCondition}
		for _, idle := range []route.NotificationPolicy{mute, foreign} {
			with := slices.Insert(slices.Clone(list), r.IntN(place+1), idle)
			if got := route.Judge(with, &s, &f, world()); !sameVerdict(&got, &want) {
				t.Fatalf("ogapi-8.notification.enabled, ogapi-8.notification.filter: seed %d: %+v, and with %s %+v", seed, want, idle.Name, got)
			}
		}
		if place < len(list) {
			if got := route.Judge(list[:place+1], &s, &f, world()); !sameVerdict(&got, &want) {
				t.Fatalf("ogapi-8.notification.first: seed %d: %+v, and without those after it %+v", seed, want, got)
			}
		}
	}
}
