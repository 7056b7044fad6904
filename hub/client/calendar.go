package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Absence is a time in which a person is off.
type Absence struct {
	ID    string    `json:"id,omitempty"`
	User  Party     `json:"user"`
	Start time.Time `json:"startDate"`
	End   time.Time `json:"endDate"`
	Note  string    `json:"note,omitempty"`
}

// Stretch is a time: [Start, End).
type Stretch struct {
	Start time.Time `json:"startDate"`
	End   time.Time `json:"endDate"`
}

// NewSwap asks a person to swap shifts of a schedule.
type NewSwap struct {
	Schedule Thing      `json:"schedule"`
	From     MemberUser `json:"fromUser"`
	To       MemberUser `json:"toUser"`
	Mine     Stretch    `json:"mine"`
	Theirs   Stretch    `json:"theirs"`
	Note     string     `json:"note,omitempty"`
	Expires  *time.Time `json:"expires,omitempty"`
}

// Swap is a request to swap shifts, and what has become of it.
type Swap struct {
	ID        string    `json:"id"`
	Status    string    `json:"status"` // asked, accepted, declined, withdrawn or expired
	Expires   time.Time `json:"expires"`
	Overrides []string  `json:"overrides,omitempty"` // aliases
	Schedule  Thing     `json:"schedule"`
	From      Party     `json:"fromUser"`
	To        Party     `json:"toUser"`
	Mine      Stretch   `json:"mine"`
	Theirs    Stretch   `json:"theirs"`
	Note      string    `json:"note"`
}

// TakenOver is how a person took over.
type TakenOver struct {
	Schedule Thing     `json:"_parent"`
	Alias    string    `json:"alias"` // of the override
	User     Party     `json:"user"`
	Start    time.Time `json:"startDate"`
	End      time.Time `json:"endDate"`
	From     []Party   `json:"from"` // who was on call
}

// HolidayCalendar is a holiday calendar; one alone has its days of a year.
type HolidayCalendar struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	BuiltIn string    `json:"builtIn,omitempty"` // whose holidays it begins with
	Year    int       `json:"year,omitempty"`
	Days    []Holiday `json:"days,omitempty"`
}

// Holiday is a holiday, or a day on which people work for one.
type Holiday struct {
	Date       string `json:"date"`
	English    string `json:"english,omitempty"`
	Vietnamese string `json:"vietnamese,omitempty"`
	Works      bool   `json:"works,omitempty"`
	As         string `json:"as,omitempty"`
}

// Fairness is how much people are on call in [Start, End), in hours, the most first.
type Fairness struct {
	Start     time.Time `json:"startDate"`
	End       time.Time `json:"endDate"`
	Schedules []Thing   `json:"schedules"`
	People    []struct {
		User     Party   `json:"user"`
		Hours    float64 `json:"hours"`
		Nights   float64 `json:"nights"`
		Weekends float64 `json:"weekends"`
		Holidays float64 `json:"holidays"`
	} `json:"people"`
}

// everyPart returns all rows of a list that comes in parts.
func everyPart[T any](ctx context.Context, c *Client, path string, q url.Values) (all []T, err error) {
	q.Set("limit", "1000")
	for next := path + "?" + q.Encode(); next != ""; {
		var part []T
		r, err := c.call(ctx, http.MethodGet, next, nil, &part)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if next = r.Paging.Next; next != "" { // its address may be one by which we do not reach the hub
			u, err := url.Parse(next)
			if err != nil {
				return nil, err
			}
			next = path + "?" + u.RawQuery
		}
	}
	return all, nil
}

// filter is a query of what is said.
func filter(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// CreateAbsence says that a person is off and returns the absence's id.
func (c *Client) CreateAbsence(ctx context.Context, a Absence) (string, error) {
	return c.create(ctx, "/keng/v1/absences", a)
}

// Absences returns the absences that are not over: of a person by id or username, or all.
func (c *Client) Absences(ctx context.Context, user string) ([]Absence, error) {
	return everyPart[Absence](ctx, c, "/keng/v1/absences", filter("user", user))
}

// DeleteAbsence takes an absence away.
func (c *Client) DeleteAbsence(ctx context.Context, id string) error {
	_, err := c.call(ctx, http.MethodDelete, "/keng/v1/absences/"+url.PathEscape(id), nil, nil)
	return err
}

// AskSwap asks for a swap. Of the result only the id, the status and the end are set.
func (c *Client) AskSwap(ctx context.Context, s NewSwap) (out Swap, err error) {
	_, err = c.call(ctx, http.MethodPost, "/keng/v1/swaps", s, &out)
	return out, err
}

// Swaps returns the requests to swap of which something lies ahead, by user, schedule and status;
// what is empty does not matter.
func (c *Client) Swaps(ctx context.Context, user, schedule, status string) ([]Swap, error) {
	return everyPart[Swap](ctx, c, "/keng/v1/swaps", filter("user", user, "schedule", schedule, "status", status))
}

// AnswerSwap says accept, decline or withdraw to a request, as a person.
func (c *Client) AnswerSwap(ctx context.Context, id, answer, user string) (out Swap, err error) {
	_, err = c.call(ctx, http.MethodPost, "/keng/v1/swaps/"+url.PathEscape(id)+"/"+answer, map[string]any{"user": Anybody(user)}, &out)
	return out, err
}

// Anybody names a person by what may be the id or the username.
func Anybody(user string) MemberUser { return MemberUser{ID: user, Username: user} }

// TakeOver lets a person be on call in the schedule of an id from now on, until a moment that may
// be nil, in the place of all or of one rotation.
func (c *Client) TakeOver(ctx context.Context, schedule, user, rotation string, until *time.Time) (out TakenOver, err error) {
	body := map[string]any{"user": Anybody(user)}
	if until != nil {
		body["until"] = until
	}
	if rotation != "" {
		body["rotation"] = Thing{ID: rotation, Name: rotation}
	}
	_, err = c.call(ctx, http.MethodPost, "/keng/v1/schedules/"+url.PathEscape(schedule)+"/take-over", body, &out)
	return out, err
}

// DeleteOverride takes an override of the schedule of an id away.
func (c *Client) DeleteOverride(ctx context.Context, schedule, alias string) error {
	_, err := c.call(ctx, http.MethodDelete, "/v2/schedules/"+url.PathEscape(schedule)+"/overrides/"+url.PathEscape(alias), nil, nil)
	return err
}

// HolidayCalendars returns all holiday calendars, without their days.
func (c *Client) HolidayCalendars(ctx context.Context) (all []HolidayCalendar, err error) {
	_, err = c.call(ctx, http.MethodGet, "/keng/v1/holiday-calendars", nil, &all)
	return all, err
}

// HolidayCalendar returns the calendar of an id with its days of a year; "" is the present one.
func (c *Client) HolidayCalendar(ctx context.Context, id, year string) (out HolidayCalendar, err error) {
	_, err = c.call(ctx, http.MethodGet, "/keng/v1/holiday-calendars/"+url.PathEscape(id)+"?"+filter("year", year).Encode(), nil, &out)
	return out, err
}

// Fairness returns how much people are on call in [from, to) in the schedule of an id or, if that
// is empty, in those of a team; if that is empty, too, in all. Zero times are the hub's choice: the
// twelve weeks up to now.
func (c *Client) Fairness(ctx context.Context, schedule, team string, from, to time.Time) (out Fairness, err error) {
	q := filter("team", team)
	for name, at := range map[string]time.Time{"from": from, "to": to} {
		if !at.IsZero() {
			q.Set(name, at.Format(time.RFC3339))
		}
	}
	path := "/keng/v1/fairness"
	if schedule != "" {
		path = "/keng/v1/schedules/" + url.PathEscape(schedule) + "/fairness"
	}
	_, err = c.call(ctx, http.MethodGet, path+"?"+q.Encode(), nil, &out)
	return out, err
}
