package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Schedule is a schedule in a list.
type Schedule struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	TimeZone string `json:"timezone"`
	Enabled  bool   `json:"enabled"`
}

// Schedules returns all schedules.
func (c *Client) Schedules(ctx context.Context) ([]Schedule, error) {
	var out []Schedule
	_, err := c.call(ctx, http.MethodGet, "/v2/schedules", nil, &out)
	return out, err
}

// OnCaller is somebody who is on call: a person, or a team or an escalation with those whom
// it leads to.
type OnCaller struct {
	Name           string     `json:"name"` // a person's username
	Type           string     `json:"type"`
	EscalationTime *int       `json:"escalationTime"` // minutes
	Participants   []OnCaller `json:"onCallParticipants"`
	ForwardedFrom  []Party    `json:"forwardedFrom"` // in whose place
}

// WhoIsOnCall returns who is on call in the schedule of an id at a moment; a zero one is now.
func (c *Client) WhoIsOnCall(ctx context.Context, schedule string, at time.Time) ([]OnCaller, error) {
	var out struct {
		Participants []OnCaller `json:"onCallParticipants"`
	}
	_, err := c.call(ctx, http.MethodGet, "/v2/schedules/"+url.PathEscape(schedule)+"/on-calls"+dated(url.Values{}, at), nil, &out)
	return out.Participants, err
}

// dated is a query with a moment, if that is not zero.
func dated(q url.Values, at time.Time) string {
	if !at.IsZero() {
		q.Set("date", at.Format(time.RFC3339))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// Timeline is what happens in a schedule in [Start, End).
type Timeline struct {
	Start time.Time `json:"startDate"`
	End   time.Time `json:"endDate"`
	Final struct {
		Rotations []struct {
			Name    string   `json:"name"`
			Periods []Period `json:"periods"`
		} `json:"rotations"`
	} `json:"finalTimeline"`
}

// Period is a time for which somebody is on call. A nil End means that it does not end.
type Period struct {
	Start         time.Time  `json:"startDate"`
	End           *time.Time `json:"endDate"`
	Type          string     `json:"type"` // default, override or forwarding
	Recipient     Party      `json:"recipient"`
	ForwardedFrom *Party     `json:"forwardedFrom"`
	// StartLocal and EndLocal are the same times by the wall of the schedule's zone, as the hub has it, with
	// its offset. Only [Client.Timeline] asks for them.
	StartLocal *time.Time `json:"startLocal,omitempty"`
	EndLocal   *time.Time `json:"endLocal,omitempty"`
}

// Timeline returns some weeks of a schedule from a moment on; a zero one is today.
func (c *Client) Timeline(ctx context.Context, schedule string, from time.Time, weeks int) (Timeline, error) {
	var out Timeline
	_, err := c.call(ctx, http.MethodGet, "/v2/schedules/"+url.PathEscape(schedule)+"/timeline"+weeksFrom(from, weeks, url.Values{"expand": {"local"}}), nil, &out)
	return out, err
}

func weeksFrom(from time.Time, weeks int, q url.Values) string {
	q.Set("interval", fmt.Sprint(weeks))
	return dated(q, from)
}

// Picture returns the same as an SVG picture, in a language: vi or en.
func (c *Client) Picture(ctx context.Context, schedule string, from time.Time, weeks int, language string) ([]byte, error) {
	return c.fetch(ctx, "/keng/v1/schedules/"+url.PathEscape(schedule)+"/picture"+weeksFrom(from, weeks, url.Values{"language": {language}}))
}

// Trouble is something to be mended before its time comes.
type Trouble struct {
	Kind       string    `json:"kind"` // gap, away, double-booked or unknown
	Schedule   Thing     `json:"schedule"`
	Start      time.Time `json:"startDate"`
	End        time.Time `json:"endDate"`
	User       *Party    `json:"user,omitempty"`
	Other      *Thing    `json:"otherSchedule,omitempty"`
	More       []Thing   `json:"moreSchedules,omitempty"` // of a double booking, the third and further ones
	Suggestion []Party   `json:"suggestion"`
	Reason     string    `json:"reason,omitempty"` // why it is unknown who is on call
	// StartLocal and EndLocal are the same times by the wall of the schedule's zone, as the hub has it, with
	// its offset; nil if the hub does not know the zone.
	StartLocal *time.Time `json:"startLocal,omitempty"`
	EndLocal   *time.Time `json:"endLocal,omitempty"`
}

// Gaps returns what is to be mended in all schedules in the weeks to come. If that is not all there
// is, more says so in a sentence.
func (c *Client) Gaps(ctx context.Context, weeks int) (all []Trouble, more string, err error) {
	r, err := c.call(ctx, http.MethodGet, "/keng/v1/gaps?weeks="+fmt.Sprint(weeks), nil, &all)
	return all, r.Message, err
}
