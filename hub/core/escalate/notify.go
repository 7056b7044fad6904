package escalate

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Notify is whom of a rule's recipient it tells. Values are stored.
type Notify uint8

// Whom a rule tells.
const (
	Default    Notify = 0 // the person; who is on call; whom the team's routing rules lead to
	Next       Notify = 1 // who is on call in each rotation of the schedule after who is now
	Previous   Notify = 2 // who was before
	Users      Notify = 3 // the members of the team who are not its administrators
	Admins     Notify = 4 // the administrators of the team
	All        Notify = 5 // all members of the team
	Random     Notify = 6 // one member of the team who can be told: see [Choose]
	RoundRobin Notify = 7 // the next member of the team who can be told: see [TakeTurn]
)

var notifyWords = [...]string{Default: "default", Next: "next", Previous: "previous", Users: "users", Admins: "admins", All: "all", Random: "random", RoundRobin: "round-robin"}

// String returns the word of the API; "" for what is none.
func (n Notify) String() string {
	if int(n) >= len(notifyWords) {
		return ""
	}
	return notifyWords[n]
}

// ParseNotify returns what a word of the API means, whatever the case of its letters. No word
// is the default.
func ParseNotify(word string) (Notify, bool) {
	if word == "" {
		return Default, true
	}
	i := slices.Index(notifyWords[:], strings.ToLower(word))
	return Notify(max(i, 0)), i >= 0
}

// OfMembers reports whether it tells members of a team, and so goes by no routing rule.
func (n Notify) OfMembers() bool { return n >= Users && n <= RoundRobin }

// Among returns which members of a team it may tell, in the team's order. Whoever has a role of the
// team's own is no administrator.
func (n Notify) Among(members, admins []core.UserID) []core.UserID {
	if n != Users && n != Admins {
		return members
	}
	return slices.DeleteFunc(slices.Clone(members), func(id core.UserID) bool { return slices.Contains(admins, id) != (n == Admins) })
}

// Fits reports whether a recipient of a kind can be told so.
func (n Notify) Fits(kind alert.ResponderKind) bool {
	switch {
	case n == Default:
		return true
	case n == Next || n == Previous:
		return kind == alert.Schedule
	}
	return n.OfMembers() && kind == alert.Team
}

// Possible returns the words of how a recipient of a kind can be told, in their order.
func Possible(kind alert.ResponderKind) (words []string) {
	for n, word := range notifyWords {
		if Notify(n).Fits(kind) {
			words = append(words, word)
		}
	}
	return words
}

// Choose returns which of n to tell, from 0: any of them, but the same whenever it is asked
// for the same step. There must be one at least.
func Choose(id core.AlertID, escalation core.EscalationID, step, repeat, n int) int {
	h := fnv.New64a()
	h.Write([]byte(string(id) + "\x00" + string(escalation) + "\x00"))
	h.Write(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(step)), uint32(repeat)))
	return int(mix(h.Sum64()) % uint64(n))
}

// mix spreads what differs in a few bits over all of them (splitmix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// TakeTurn returns who of a team comes after the last one, in the team's order and around,
// and can be told. If the last one is no member any more it begins with the first. It reports
// false if nobody can be told.
func TakeTurn(members []core.UserID, last core.UserID, can func(core.UserID) bool) (core.UserID, bool) {
	after := slices.Index(members, last) + 1
	for i := range members {
		if m := members[(after+i)%len(members)]; can(m) {
			return m, true
		}
	}
	return "", false
}
