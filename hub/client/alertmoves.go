package client

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What changes an alert is done in the name of a user, who may be "", with a note in the
// activity log unless that is "". The request's id is returned: whether the change was made the
// request's status says, as of an alert that does not exist.

// Acknowledge acknowledges an alert: it pages nobody any more.
func (c *Client) Acknowledge(ctx context.Context, ref Ref, user, note string) (requestID string, err error) {
	return c.move(ctx, ref, "/acknowledge", user, note, nil)
}

// Unacknowledge takes an acknowledgement, a snooze or a closing back: all who answer for the alert
// are called as if it were new.
func (c *Client) Unacknowledge(ctx context.Context, ref Ref, user, note string) (requestID string, err error) {
	return c.move(ctx, ref, "/unacknowledge", user, note, nil)
}

// Close closes an alert.
func (c *Client) Close(ctx context.Context, ref Ref, user, note string) (requestID string, err error) {
	return c.move(ctx, ref, "/close", user, note, nil)
}

// Snooze lets an alert be quiet until a moment in the future, within a year.
func (c *Client) Snooze(ctx context.Context, ref Ref, until time.Time, user, note string) (requestID string, err error) {
	return c.move(ctx, ref, "/snooze", user, note, map[string]any{"endTime": until})
}

// Escalate calls by an escalation, of this id or name.
func (c *Client) Escalate(ctx context.Context, ref Ref, escalation, user, note string) (requestID string, err error) {
	return c.move(ctx, ref, "/escalate", user, note, map[string]any{"escalation": Thing{ID: escalation, Name: escalation}})
}

// Assign makes a person, of this id or username, the owner of an alert, and calls that person.
func (c *Client) Assign(ctx context.Context, ref Ref, owner, user, note string) (requestID string, err error) {
	return c.move(ctx, ref, "/assign", user, note, map[string]any{"owner": Anybody(owner)})
}

// AddNote adds a note, of at most 25,000 characters, to the activity log.
func (c *Client) AddNote(ctx context.Context, ref Ref, user, note string) (requestID string, err error) {
	return c.move(ctx, ref, "/notes", user, note, nil)
}

// AddTags adds tags of at most 50 characters. An alert has at most 20.
func (c *Client) AddTags(ctx context.Context, ref Ref, tags []string, user, note string) (requestID string, err error) {
	return c.move(ctx, ref, "/tags", user, note, map[string]any{"tags": tags})
}

// RemoveTags removes those tags that the alert has. One with a comma in it is not found.
func (c *Client) RemoveTags(ctx context.Context, ref Ref, tags []string, user, note string) (requestID string, err error) {
	q := url.Values{"tags": {strings.Join(tags, ",")}, "user": {user}, "note": {note}}
	r, err := c.call(ctx, http.MethodDelete, ref.path("/v2", "/tags")+"&"+q.Encode(), nil, nil)
	return r.RequestID, err
}

// DeleteAlert deletes an alert. Its key needs the right to delete.
func (c *Client) DeleteAlert(ctx context.Context, ref Ref, user string) (requestID string, err error) {
	r, err := c.call(ctx, http.MethodDelete, ref.path("/v2", "")+"&"+url.Values{"user": {user}}.Encode(), nil, nil)
	return r.RequestID, err
}

// move posts a change of an alert. What more it says may be nil.
func (c *Client) move(ctx context.Context, ref Ref, suffix, user, note string, more map[string]any) (string, error) {
	body := map[string]any{"user": user, "note": note}
	maps.Copy(body, more)
	r, err := c.call(ctx, http.MethodPost, ref.path("/v2", suffix), body, nil)
	return r.RequestID, err
}
