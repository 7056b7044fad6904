package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"keng/hub/state"
)

// feedRoutes is the part of the table about calendars that others subscribe to. Programs that do so
// can send no header: so there are addresses that are good for one feed each, and for nothing else.
func feedRoutes() []route {
	const read, configure = state.Read, state.Configure
	return []route{
		{"GET", "/v2/schedules/{identifier...}.ics", read, false, configurationDomain, on((*API).getScheduleFeed)},
		{"GET", "/v2/schedules/on-calls/{identifier}.ics", read, false, configurationDomain, on((*API).getPersonFeed)},
		{"POST", "/keng/v1/feeds", configure, true, configurationDomain, createFeed},
		{"GET", "/keng/v1/feeds", read, true, configurationDomain, on((*API).listFeeds)},
		{"DELETE", "/keng/v1/feeds/{id}", configure, true, configurationDomain, change(deleteFeed, deleted[state.Nothing])},
		{"GET", "/keng/v1/feeds/{id}.ics", anyone, false, noDomain, on((*API).getFeed)},
	}
}

// feedFile is a calendar as it is sent, or that the caller has it already.
type feedFile struct {
	etag  string
	bytes []byte
	known bool
}

func (f *feedFile) fill(*envelope) int {
	if f.known {
		f.bytes = []byte{}
		return http.StatusNotModified
	}
	return http.StatusOK
}

func (f *feedFile) headers(h http.Header) {
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "private, no-cache") // to be asked for again, and answered with 304
}

// matches reports whether an If-None-Match has an entity tag (RFC 9110, section 13.1.2: weakly).
func matches(header, etag string) bool {
	weak := func(tag string) string { return strings.TrimPrefix(strings.TrimSpace(tag), "W/") }
	for tag := range strings.SplitSeq(header, ",") {
		if weak(tag) == weak(etag) || weak(tag) == "*" {
			return true
		}
	}
	return false
}

// feedIn says of what a feed is to be.
type feedIn struct {
	command state.CreateFeed
	secret  string
	base    string
}

func (in *feedIn) read(c *call) {
	in.command.Schedule, in.command.User, in.command.Note = c.body.saidPick("schedule"), c.body.saidPick("user"), c.body.text("note")
	in.secret, in.base = rand.Text(), c.base
	hash := sha256.Sum256([]byte(in.secret))
	in.command.Hash = hash[:]
}

// createFeed makes a feed and tells its address, this once.
func createFeed(a *API, ctx context.Context, c *call) (outcome, error) {
	in, err := asked[feedIn](c)
	if err != nil {
		return nil, err
	}
	f, err := do(ctx, a, c.seed, in.command)
	if err != nil {
		return nil, err
	}
	var out struct {
		feedRecord
		URL string `json:"url"`
	}
	out.URL = in.base + "/keng/v1/feeds/" + in.secret + calendarEnding
	err = a.look(ctx, func(tx reader) error {
		out.feedRecord = feedOf(tx, &f)
		return nil
	})
	return created(out), err
}

func deleteFeed(in *idIn) state.DeleteFeed { return state.DeleteFeed{ID: in.id} }

// feedRecord is a feed as replies tell it, without its address.
type feedRecord struct {
	ID        string     `json:"id"`
	Schedule  *thing     `json:"schedule,omitempty"`
	User      *namedUser `json:"user,omitempty"`
	Note      string     `json:"note,omitempty"`
	CreatedAt moment     `json:"createdAt"`
}

func feedOf(tx reader, f *state.Feed) feedRecord {
	out := feedRecord{ID: f.ID, Note: f.Note, CreatedAt: moment{f.CreatedAt}}
	if f.User != "" {
		out.User = &namedUser{string(f.User), personOf(tx, f.User).Username}
		return out
	}
	out.Schedule = &thing{ID: string(f.Schedule)}
	if s, err := (state.Pick{ID: string(f.Schedule)}).Schedule(tx); err == nil {
		out.Schedule.Name = s.Name
	}
	return out
}

func (a *API) listFeeds(ctx context.Context, in *rowsIn) (*page[feedRecord], error) {
	var out *page[feedRecord]
	err := a.look(ctx, func(tx reader) error {
		out = rows(in, state.Feeds.All(tx), func(f *state.Feed) (string, feedRecord) { return f.ID, feedOf(tx, f) })
		return nil
	})
	return out, err
}

// addressIn is the address of a feed, by somebody of whom nothing else is known.
type addressIn struct{ secret, language, known string }

func (in *addressIn) read(c *call) {
	in.secret, in.language, in.known = c.identifier("id"), c.choice("language", "", "vi", "en"), c.r.Header.Get("If-None-Match")
}

// getFeed answers at the address of a feed. That it is unknown is said in words that do not have it.
func (a *API) getFeed(ctx context.Context, in *addressIn) (*feedFile, error) {
	if len(in.secret) < state.FeedSecretSize || len(in.secret) > keyMax {
		return nil, noFeed()
	}
	feed, err := a.findFeed(ctx, in.secret)
	if err != nil {
		return nil, err
	}
	name := ""
	err = a.look(ctx, func(tx reader) (err error) {
		name, _, err = a.contentOf(tx, feed, in.language)
		return err
	})
	if err != nil {
		return nil, err
	}
	kept, err := a.answers.get(ctx, name, a.Now, func(ctx context.Context) (*feedFile, error) {
		return a.writeFeed(ctx, "", func(tx reader) (*shiftFeed, error) {
			_, write, err := a.contentOf(tx, feed, in.language)
			if err != nil {
				return nil, err
			}
			return write()
		})
	})
	if err != nil {
		return nil, err
	}
	return &feedFile{etag: kept.etag, bytes: kept.bytes, known: matches(in.known, kept.etag)}, nil
}

// contentOf returns what is at the address of a feed: its name, which is the same for feeds of the same content, and
// what writes it.
func (a *API) contentOf(tx reader, feed *state.Feed, language string) (name string, write func() (*shiftFeed, error), err error) {
	if feed.Schedule != "" {
		s, err := state.Pick{ID: string(feed.Schedule)}.Schedule(tx)
		if err != nil {
			return "", nil, noFeed()
		}
		language = cmp.Or(language, "vi")
		return "schedule " + language + " " + string(s.ID), func() (*shiftFeed, error) { return a.feedWriter(tx, language).schedule(s) }, nil
	}
	u, err := state.Pick{ID: string(feed.User)}.User(tx)
	if err != nil || u.Blocked {
		return "", nil, noFeed()
	}
	language = cmp.Or(language, u.Language)
	return "user " + language + " " + string(u.ID), func() (*shiftFeed, error) { return a.feedWriter(tx, language).person(u, scheduleName{}) }, nil
}

// findFeed finds a feed by its secret. Each feed may be looked at so often, and the newest state of
// the cluster be asked so often for one that this node does not know.
func (a *API) findFeed(ctx context.Context, secret string) (feed *state.Feed, err error) {
	find := func(tx reader) error { feed, _ = state.FindFeed(tx, secret); return nil }
	if err := a.Store.View(ctx, false, find); err != nil {
		return nil, err
	}
	if feed == nil {
		if !a.feeds.take("", a.Now()) {
			return nil, noFeed()
		}
		ctx, cancel := context.WithTimeout(ctx, CommandTimeout)
		defer cancel()
		if err := a.Store.View(ctx, true, find); err != nil {
			return nil, err
		}
	}
	switch {
	case feed == nil:
		return nil, noFeed()
	case !a.feeds.take(feed.ID, a.Now()):
		return nil, throttled(60, 60, "This calendar is asked for too often: once an hour is enough.")
	}
	return feed, nil
}

func noFeed() *problem {
	return &problem{status: http.StatusNotFound, typ: "ResourceNotFound", words: "There is no such calendar, or its address was revoked."}
}

// feedsAMinute is how often in a minute a node answers at one feed's address.
const feedsAMinute = 30

// quota counts what is asked for in a minute. Safe for concurrent use.
type quota struct {
	mutex  sync.Mutex
	minute time.Time
	asked  map[string]int
}

// take reports whether a thing may be asked for once more.
func (q *quota) take(what string, now time.Time) bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if minute := now.Truncate(time.Minute); !minute.Equal(q.minute) {
		q.minute, q.asked = minute, map[string]int{}
	}
	q.asked[what]++
	return q.asked[what] <= feedsAMinute
}
