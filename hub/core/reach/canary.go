package reach

import (
	"slices"
	"time"

	"keng/hub/core"
)

// Canary is a person's wish to be told something at an hour of some days that is about nothing: whether it
// comes through shows whether an alert would.
type Canary struct {
	// Contact is by which; if it is empty the first of the Kind that works.
	Contact core.ContactID `cbor:"1,keyasint,omitempty"`
	Kind    string         `cbor:"2,keyasint,omitempty"`
	Hour    int            `cbor:"3,keyasint"` // 0 to 23, by the wall of the person's zone
	// Days are the days of the week, Sunday 0 to Saturday 6; none: all.
	Days []time.Weekday `cbor:"4,keyasint,omitempty"`
}

// Next returns the first moment after another at which there is to be a canary: so long after the hour begins,
// in a zone. It is no more than nine days away.
func (k *Canary) Next(after time.Time, zone *time.Location, behind time.Duration) time.Time {
	y, m, d := after.In(zone).Date()
	for ahead := range 9 {
		at := time.Date(y, m, d+ahead, k.Hour, 0, 0, 0, zone).Add(behind)
		day := at.In(zone).Weekday()
		if at.After(after) && (len(k.Days) == 0 || slices.Contains(k.Days, day)) {
			return at.UTC()
		}
	}
	return after.Add(9 * 24 * time.Hour) // it names days that do not exist
}

// CanaryContact returns by which contact the person is to be told. It reports false if there is none that works.
func (u *User) CanaryContact() (Contact, bool) {
	if u.Canary == nil {
		return Contact{}, false
	}
	i := slices.IndexFunc(u.Contacts, func(c Contact) bool {
		meant := c.ID == u.Canary.Contact || u.Canary.Contact == "" && c.Kind == u.Canary.Kind
		return meant && c.quiet()
	})
	if i < 0 {
		return Contact{}, false
	}
	return u.Contacts[i], true
}

// TestedLike reports whether two states of a person have canaries at the same moments.
func (u *User) TestedLike(other *User) bool {
	a, b := u.Canary, other.Canary
	if a == nil || b == nil {
		return a == b
	}
	return a.Hour == b.Hour && slices.Equal(a.Days, b.Days) && u.Zone == other.Zone && u.Blocked == other.Blocked
}
