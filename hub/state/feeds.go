package state

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"time"

	"keng/hub/core"
	"keng/raftstore/table"
)

// The bounds of feeds.
const (
	FeedsMax       = 5000 // in all
	FeedsOfOneMax  = 20   // of one schedule, or of one person
	FeedSecretSize = 26   // characters of a secret at least: 128 bits in base 32
)

// Feed is an address at which a calendar program, which can send no key, reads the shifts of one
// schedule or of one person, and nothing else. The address itself is not kept.
type Feed struct {
	ID        string          `cbor:"1,keyasint"`
	Hash      []byte          `cbor:"2,keyasint"` // SHA-256 of the secret that is in the address
	Schedule  core.ScheduleID `cbor:"3,keyasint,omitempty"`
	User      core.UserID     `cbor:"4,keyasint,omitempty"` // if it is of no schedule
	Note      string          `cbor:"5,keyasint,omitempty"` // for people: where it is used
	CreatedAt time.Time       `cbor:"6,keyasint"`
}

var feedsByHash = table.NewIndex(1, "hash", true, func(f *Feed) []table.Key { return []table.Key{table.K().Bytes(f.Hash)} })

var feedsByTarget = table.NewIndex(2, "target", false, func(f *Feed) []table.Key {
	return []table.Key{feedTarget(f.Schedule, f.User)}
})

func feedTarget(schedule core.ScheduleID, user core.UserID) table.Key {
	return table.K().String(string(schedule)).String(string(user))
}

// Feeds holds the addresses of feeds.
var Feeds = table.New(47, "feeds", func(f *Feed) table.Key { return table.K().String(f.ID) }, feedsByHash, feedsByTarget)

// FindFeed returns the feed whose secret this is.
func FindFeed(r table.Reader, secret string) (*Feed, bool) {
	hash := sha256.Sum256([]byte(secret))
	return feedsByHash.First(r, table.K().Bytes(hash[:]))
}

// feedsOf gives the feeds of a schedule or of a person.
func feedsOf(r table.Reader, schedule core.ScheduleID, user core.UserID) iter.Seq[*Feed] {
	key := feedTarget(schedule, user)
	return feedsByTarget.Range(r, key, key+afterAll)
}

// CreateFeed makes an address for a feed, of a schedule or of a person. The caller made the
// secret, of [FeedSecretSize] characters or more.
type CreateFeed struct {
	Hash     []byte `cbor:"1,keyasint"` // SHA-256 of the secret
	Schedule *Pick  `cbor:"2,keyasint,omitempty"`
	User     *Pick  `cbor:"3,keyasint,omitempty"`
	Note     string `cbor:"4,keyasint,omitempty"`
}

func (CreateFeed) number() number { return createFeed }

func (k CreateFeed) apply(c *change) (Feed, error) {
	f := Feed{ID: c.newID("feed"), Hash: k.Hash, Note: k.Note, CreatedAt: c.now}
	wrong := faults{}
	switch {
	case len(k.Hash) != sha256.Size:
		wrong.add("hash", "the hash of a secret has 32 bytes")
	case (k.Schedule == nil) == (k.User == nil):
		wrong.add("schedule", "say of which schedule the feed is to be, or of which user, and not both")
	case k.Schedule != nil:
		s, err := k.Schedule.Schedule(c.tx)
		wrong.missing("schedule", err)
		if err == nil {
			f.Schedule = s.ID
		}
	default:
		c.person(wrong, "user", &f.User, k.User)
	}
	wrong.length("note", f.Note, NoteMax)
	if err := wrong.err(); err != nil {
		return f, err
	}
	if atLeast(FeedsOfOneMax, feedsOf(c.tx, f.Schedule, f.User)) {
		return f, core.Invalid("body", fmt.Sprintf("there are %d feeds of it: revoke one that nobody uses", FeedsOfOneMax))
	}
	if atLeast(FeedsMax, Feeds.All(c.tx)) {
		return f, core.Invalid("body", fmt.Sprintf("there are %d feeds: revoke some that nobody uses", FeedsMax))
	}
	return f, Feeds.Put(c.tx, &f)
}

// DeleteFeed revokes the address of a feed.
type DeleteFeed struct {
	ID string `cbor:"1,keyasint"`
}

func (DeleteFeed) number() number { return deleteFeed }

func (k DeleteFeed) apply(c *change) (Nothing, error) {
	if !Feeds.Delete(c.tx, table.K().String(k.ID)) {
		return Nothing{}, core.Missing("Feed", firstRunes(k.ID, NameMax))
	}
	return Nothing{}, nil
}

// forgetFeeds removes the feeds of a schedule or a person that is deleted.
func (c *change) forgetFeeds(schedule core.ScheduleID, user core.UserID) {
	for f := range feedsOf(c.tx, schedule, user) {
		Feeds.Delete(c.tx, Feeds.KeyOf(f))
	}
}
