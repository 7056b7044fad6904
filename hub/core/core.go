// Package core is the centre of the hub: the nouns that everything speaks of, and
// the kinds of error. It and the packages below it decide; they never do.
//
// They import nothing but the standard library, and of that nothing that touches
// the world: no clock, no randomness, no files, no network. Whatever they need is
// an argument: the present moment, ids, time zones as [*time.Location] values. So
// every decision can be repeated, rehearsed and explained.
//
// The packages: alert (how an alert moves), incident (how an incident moves), heartbeat (signs of life that are awaited),
// silence (agents that are heard no more), route (what becomes of what comes in, and which
// escalation answers for it), rota (who is on call), escalate (which step is due), reach (by
// which contacts, in what order, when), query (the language in which alerts are searched).
package core

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
)

// The ids of things. They are opaque; those that Kẻng makes look like UUIDs.
type (
	// AlertID names one alert for ever.
	AlertID string
	// UserID names a person.
	UserID string
	// ContactID names one contact of a person.
	ContactID string
	// TeamID names a team.
	TeamID string
	// ScheduleID names an on-call schedule.
	ScheduleID string
	// EscalationID names an escalation policy.
	EscalationID string
	// IntegrationID names an integration or an API key.
	IntegrationID string
	// DeliveryID names one attempt to reach one person by one contact.
	DeliveryID string
	// IncidentID names one incident for ever.
	IncidentID string
	// ServiceID names something that people use and that can fail.
	ServiceID string
)

// Seed is the randomness of one command: the command's own id. What the command
// creates gets ids derived from it, so that evaluating it again gives the same ids.
type Seed [16]byte

// ID derives the n-th id of a purpose. The result has the form of a UUID
// (version 8 of RFC 9562: the bits are ours).
func (s Seed) ID(purpose string, n int) string {
	of := append(make([]byte, 0, 64), s[:]...)
	of = binary.BigEndian.AppendUint64(of, uint64(n))
	of = append(of, purpose...)
	sum := sha256.Sum256(of)
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	x := hex.EncodeToString(sum[:16])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// Numbered derives the id of the thing that has a number among its like: the id begins
// with the number, so that ids sort as their numbers do. What is stored by such ids is
// always appended, which is what a store does best. Numbers are below 1<<48. See
// [NumberedFrom].
func (s Seed) Numbered(purpose string, n uint64) string {
	return NumberedFrom(n) + s.ID(purpose, 0)[14:]
}

// Ordered derives the n-th id of a purpose, as ID does, so that ids sort by the first six
// bytes of their seeds, which say when these were made.
func (s Seed) Ordered(purpose string, n int) string {
	return NumberedFrom(binary.BigEndian.Uint64(s[:8])>>16) + s.ID(purpose, n)[14:]
}

// NumberedFrom returns what the id of [Seed.Numbered] begins with, which no other number's
// id does. What is between it and that of the next number is this number's.
func NumberedFrom(n uint64) string {
	x := hex.EncodeToString(binary.BigEndian.AppendUint64(nil, n)[2:])
	return x[:8] + "-" + x[8:] + "-"
}

// Priority is how grave an alert is: P1 is the gravest, P5 the least. The zero
// value means "not said".
type Priority uint8

// The priorities.
const (
	P1 Priority = 1
	P2 Priority = 2
	P3 Priority = 3
	P4 Priority = 4
	P5 Priority = 5
)

// String returns "P1" to "P5", or "" for a priority that was not said.
func (p Priority) String() string {
	if p < P1 || p > P5 {
		return ""
	}
	return "P" + strconv.Itoa(int(p))
}

// ParsePriority reads "P1" to "P5". The empty string gives the default, P3.
func ParsePriority(s string) (Priority, error) {
	switch {
	case s == "":
		return P3, nil
	case len(s) == 2 && s[0] == 'P' && s[1] >= '1' && s[1] <= '5':
		return Priority(s[1] - '0'), nil
	}
	return 0, Invalid("priority", fmt.Sprintf("%q is not a priority: write P1, P2, P3, P4 or P5", s))
}
