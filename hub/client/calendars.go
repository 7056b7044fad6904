package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Feed is an address at which a calendar program reads the shifts of a schedule or a person.
type Feed struct {
	ID        string    `json:"id"`
	Schedule  *Thing    `json:"schedule,omitempty"`
	User      *Party    `json:"user,omitempty"`
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
	URL       string    `json:"url,omitempty"` // of a new one: it is told this once
}

// NewFeed is a feed to be made, of a schedule or of a person.
type NewFeed struct {
	Schedule *Thing `json:"schedule,omitempty"`
	User     *Party `json:"user,omitempty"`
	Note     string `json:"note,omitempty"`
}

// CreateFeed makes a feed.
func (c *Client) CreateFeed(ctx context.Context, wanted NewFeed) (Feed, error) {
	var out Feed
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/feeds", wanted, &out)
	return out, err
}

// Feeds returns all feeds, without their addresses.
func (c *Client) Feeds(ctx context.Context) ([]Feed, error) {
	return everyRow(ctx, c, "/keng/v1/feeds", func(f Feed) string { return f.ID })
}

// DeleteFeed revokes the address of a feed.
func (c *Client) DeleteFeed(ctx context.Context, id string) error {
	_, err := c.call(ctx, http.MethodDelete, "/keng/v1/feeds/"+url.PathEscape(id), nil, nil)
	return err
}

// RosterImport says how the shifts of a file come into a schedule.
type RosterImport struct {
	Schedule string // its id
	Rotation string // its name or id; "": "roster"
	Whole    bool   // in the place of all that is there
	DryRun   bool   // only tell what would change
}

// ImportedRoster is what an import of a roster does, or would do.
type ImportedRoster struct {
	Timezone string `json:"timezone"`
	Rotation string `json:"rotation"`
	New      bool   `json:"newRotation"`
	Added    int    `json:"added"`
	Removed  int    `json:"removed"`
	Kept     int    `json:"kept"`
	Shifts   []struct {
		Change    string    `json:"change"` // added or removed
		Start     time.Time `json:"startDate"`
		End       time.Time `json:"endDate"`
		Recipient Party     `json:"recipient"`
	} `json:"shifts"`
	Problems []struct {
		Line    int    `json:"line"`
		Message string `json:"message"`
	} `json:"problems"`
	Troubles []Trouble `json:"troubles"`
}

// ImportRoster puts the shifts of a CSV file or a calendar into a rotation of a schedule.
func (c *Client) ImportRoster(ctx context.Context, in RosterImport, content []byte) (ImportedRoster, error) {
	q := url.Values{}
	if in.Rotation != "" {
		q.Set("rotation", in.Rotation)
	}
	choose(q, "whole", in.Whole)
	choose(q, "dryRun", in.DryRun)
	var out ImportedRoster
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/schedules/"+url.PathEscape(in.Schedule)+"/roster?"+q.Encode(), file(content), &out)
	return out, err
}

func choose(q url.Values, name string, yes bool) {
	if yes {
		q.Set(name, "true")
	}
}

// HolidayImport says how the holidays of a file come into a holiday calendar.
type HolidayImport struct {
	Name     string // of the calendar
	BuiltIn  string // whose holidays a new one begins with: "vietnam"
	Language string // of the names in the file: vi or en
	Only     string // of which events: that have this in the title or the description
	Whole    bool   // in the place of all that is there
	DryRun   bool   // only tell what would change
}

// ImportedHolidays is what an import of holidays does, or would do.
type ImportedHolidays struct {
	Name    string `json:"name"`
	New     bool   `json:"newCalendar"`
	Added   int    `json:"added"`
	Changed int    `json:"changed"`
	Removed int    `json:"removed"`
	Kept    int    `json:"kept"`
	Days    []struct {
		Change string `json:"change"` // added, changed or removed
		Date   string `json:"date"`
		Name   string `json:"name"`
	} `json:"days"`
	Skipped []string `json:"skipped"` // titles of events that are no holidays here
}

// ImportHolidays puts the holidays of an iCal file into a holiday calendar.
func (c *Client) ImportHolidays(ctx context.Context, in HolidayImport, content []byte) (ImportedHolidays, error) {
	q := url.Values{"name": {in.Name}}
	for name, value := range map[string]string{"builtIn": in.BuiltIn, "language": in.Language, "only": in.Only} {
		if value != "" {
			q.Set(name, value)
		}
	}
	choose(q, "whole", in.Whole)
	choose(q, "dryRun", in.DryRun)
	var out ImportedHolidays
	_, err := c.call(ctx, http.MethodPost, "/keng/v1/holiday-calendars/import?"+q.Encode(), file(content), &out)
	return out, err
}
