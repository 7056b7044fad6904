package state_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"keng/hub/core/reach"
	"keng/hub/state"
)

// reachabilityVerbs are what plays do about whether people can be reached.
func (s *stage) reachabilityVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{
		"verify": s.verify, "confirm": s.confirm, "readdress": s.readdress, "switchcontact": s.switchContact, "canary": s.canary, "canaries": s.canaries, "marks": s.marks,
	}
}

// contactOf returns the first contact of a kind.
func (s *stage) contactOf(user, kind string) (*reach.User, reach.Contact) {
	u, err := state.Either(user).User(s.tx)
	if err != nil {
		s.t.Fatal(err)
	}
	i := slices.IndexFunc(u.Contacts, func(k reach.Contact) bool { return k.Kind == kind })
	if i < 0 {
		s.t.Fatalf("%s has no %s", user, kind)
	}
	return u, u.Contacts[i]
}

// verify USER KIND: a code is sent.
func (s *stage) verify(args []string) error {
	u, k := s.contactOf(args[0], args[1])
	sent, err := do(s, state.SendCode{User: state.Pick{ID: string(u.ID)}, Contact: k.ID})
	if err != nil {
		return err
	}
	d, _ := state.GetDelivery(s.tx, sent.Page)
	s.code = d.Notice.Code
	s.say("a code of %d digits is sent by %s, which counts until %s", len(s.code), d.Kind, sent.Until.Sub(s.start))
	return nil
}

// confirm USER KIND right|spaced|wrong: the newest code, or another.
func (s *stage) confirm(args []string) error {
	u, k := s.contactOf(args[0], args[1])
	code := s.code
	switch args[2] {
	case "spaced":
		code = code[:3] + " " + code[3:]
	case "wrong":
		n, _ := strconv.Atoi(code)
		code = fmt.Sprintf("%06d", (n+1)%1_000_000)
	}
	said, err := do(s, state.ConfirmContact{User: state.Pick{ID: string(u.ID)}, Contact: k.ID, Code: code})
	switch {
	case err != nil:
		return err
	case said.Verified:
		s.say("verified")
	default:
		s.say("wrong, %d tries left", said.Left)
	}
	return nil
}

// readdress USER KIND TO
func (s *stage) readdress(args []string) error {
	u, k := s.contactOf(args[0], args[1])
	_, err := do(s, state.ChangeContact{User: state.Pick{ID: string(u.ID)}, Contact: k.ID, Fields: state.ContactFields{To: &args[2]}})
	return err
}

// switchcontact USER KIND on|off
func (s *stage) switchContact(args []string) error {
	u, k := s.contactOf(args[0], args[1])
	on := args[2] == "on"
	_, err := do(s, state.ChangeContact{User: state.Pick{ID: string(u.ID)}, Contact: k.ID, Fields: state.ContactFields{Enabled: &on}})
	return err
}

// canary USER off | KIND HOUR [DAY...]: Sunday is 0.
func (s *stage) canary(args []string) error {
	k := state.PutCanary{User: state.Either(args[0])}
	if args[1] != "off" {
		hour, _ := strconv.Atoi(args[2])
		k.Canary = &reach.Canary{Kind: args[1], Hour: hour}
		for _, d := range args[3:] {
			day, _ := strconv.Atoi(d)
			k.Canary.Days = append(k.Canary.Days, time.Weekday(day))
		}
	}
	_, err := do(s, k)
	return err
}

// canaries: when each is tested next, and what became of the last one.
func (s *stage) canaries([]string) error {
	none := true
	for k := range state.Canaries.All(s.tx) {
		u, _ := state.FindUser(s.tx, string(k.User))
		last := "no last one"
		if fate := state.CanaryFate(s.tx, k); fate != "" {
			last = fmt.Sprintf("the last at %s: %s", s.wall(k.LastAt), fate)
		}
		s.say("%s is tested at %s, %s", u.Username, s.wall(k.LookAt), last)
		none = false
	}
	if none {
		s.say("nobody is tested")
	}
	return nil
}

// marks: how well people can be reached, the worst first.
func (s *stage) marks([]string) error {
	all := slices.SortedFunc(state.Reachability(s.tx, "", s.now), func(a, b *state.Reached) int {
		return cmp.Or(cmp.Compare(a.Standing, b.Standing), cmp.Compare(a.User.Username, b.User.Username))
	})
	for _, r := range all {
		var marks []string
		for i := range r.User.Contacts {
			k := &r.User.Contacts[i]
			p := state.ProofOf(s.tx, k)
			mark := k.Kind + " " + k.Grade(&p, s.now).String()
			if p.By != 0 {
				mark += fmt.Sprintf(", %s at %s", p.By, p.ProvenAt.Sub(s.start))
			}
			if p.Failure != "" {
				mark += fmt.Sprintf(", %s at %s", p.Failure, p.FailedAt.Sub(s.start))
			}
			if !p.VerifiedAt.IsZero() {
				mark += ", verified"
			}
			marks = append(marks, mark)
		}
		s.say("%s is %s: %s", r.User.Username, r.Standing, strings.Join(marks, "; "))
	}
	return nil
}
