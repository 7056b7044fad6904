package state

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"keng/hub/core"
	"keng/hub/core/rota"
	"keng/raftstore/table"
)

// ZoneFile is what the cluster was told of a time zone, as RFC 9636 writes it.
type ZoneFile struct {
	Name string `cbor:"1,keyasint"` // by IANA
	Data []byte `cbor:"2,keyasint"`
}

// ZoneFiles holds the cluster's own time-zone data. A zone that is not in it is found in the
// data of the leader's machine.
var ZoneFiles = table.New(43, "zone files", func(f *ZoneFile) table.Key { return table.K().String(f.Name) })

// ZoneData says which time-zone data the cluster was given.
type ZoneData struct {
	Version string    `cbor:"1,keyasint"` // such as 2026c
	At      time.Time `cbor:"2,keyasint"` // when it was given
	Zones   int       `cbor:"3,keyasint"` // how many zones it has
	// Stamp is another one for each data that was ever given.
	Stamp string `cbor:"4,keyasint"`
}

var zoneDatas = table.New(44, "zone data", func(*ZoneData) table.Key { return zoneDataKey })

var zoneDataKey = table.K().String("given")

// GivenZoneData returns which time-zone data the cluster was given, if any.
func GivenZoneData(r table.Reader) (*ZoneData, bool) { return zoneDatas.Get(r, zoneDataKey) }

// The bounds of a cluster's time-zone data.
const (
	ZonesMax     = 900
	ZoneFileMax  = 16 << 10
	ZoneBytesMax = 1 << 20 // all files together
)

// PutZones gives the cluster time-zone data in the place of what it was given before. Without
// files it takes that back: then it is the data of the leader's machine that counts.
type PutZones struct {
	Version string     `cbor:"1,keyasint,omitempty"`
	Files   []ZoneFile `cbor:"2,keyasint,omitempty"`
}

func (PutZones) number() number { return putZones }

// Check says what is wrong with time-zone data: files that are no such data, or too many.
func (k PutZones) Check() error {
	bytes := 0
	for _, f := range k.Files {
		bytes += len(f.Data)
		if _, err := time.LoadLocationFromTZData(f.Name, f.Data); err != nil || f.Name == "" || len(f.Name) > wordMax || len(f.Data) > ZoneFileMax {
			return core.Invalid("zones", fmt.Sprintf("%s is no time zone: %v", line(f.Name, wordMax), err))
		}
	}
	switch {
	case len(k.Files) > ZonesMax || bytes > ZoneBytesMax:
		return core.Invalid("zones", fmt.Sprintf("%d zones of %d bytes are too many: there may be %d of %d", len(k.Files), bytes, ZonesMax, ZoneBytesMax))
	case len(k.Files) > 0 && (k.Version == "" || len(k.Version) > wordMax):
		return core.Invalid("version", "must say which data it is, such as 2026c")
	}
	return nil
}

func (k PutZones) apply(c *change) (Nothing, error) {
	if err := k.Check(); err != nil {
		return Nothing{}, err
	}
	given := map[string]bool{}
	for i := range k.Files {
		given[k.Files[i].Name] = true
		if err := ZoneFiles.Put(c.tx, &k.Files[i]); err != nil {
			return Nothing{}, err
		}
	}
	for old := range ZoneFiles.All(c.tx) {
		if !given[old.Name] {
			ZoneFiles.Delete(c.tx, ZoneFiles.KeyOf(old))
		}
	}
	c.schedulesChanged()
	if len(k.Files) == 0 {
		zoneDatas.Delete(c.tx, zoneDataKey)
		return Nothing{}, nil
	}
	return Nothing{}, zoneDatas.Put(c.tx, &ZoneData{Version: k.Version, At: c.now, Zones: len(given), Stamp: c.newID("zones")})
}

// ZoneFinder finds time zones in states: in the data that a cluster was given, else in that
// which is built in. It remembers what it has found, and is safe for concurrent use.
type ZoneFinder struct {
	builtin Zones

	mutex sync.Mutex
	stamp string // of the data of which known is
	known map[string]*time.Location
}

// NewZoneFinder returns a finder.
func NewZoneFinder(builtin Zones) *ZoneFinder { return &ZoneFinder{builtin: builtin} }

// In finds zones in a state. It looks at it once, when the first zone is asked for.
func (f *ZoneFinder) In(r table.Reader) Zones {
	given := sync.OnceValues(func() (*ZoneData, bool) { return GivenZoneData(r) })
	return func(name string) (*time.Location, error) {
		data, ok := given()
		if !ok {
			return f.builtin(name)
		}
		return f.given(r, data.Stamp, name)
	}
}

// given finds a zone in the data of a stamp.
func (f *ZoneFinder) given(r table.Reader, stamp, name string) (*time.Location, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.stamp != stamp {
		f.stamp, f.known = stamp, map[string]*time.Location{}
	}
	if zone := f.known[name]; zone != nil {
		return zone, nil
	}
	file, ok := ZoneFiles.Get(r, table.K().String(name))
	if !ok {
		return f.builtin(name)
	}
	zone, err := time.LoadLocationFromTZData(name, file.Data)
	if err == nil {
		f.known[name] = zone
	}
	return zone, err
}

// Zones finds zones in the data of the command, else where others are found: what a state's
// would be after it.
func (k PutZones) Zones(builtin Zones) Zones {
	given := map[string]*time.Location{}
	for _, f := range k.Files {
		if zone, err := time.LoadLocationFromTZData(f.Name, f.Data); err == nil {
			given[f.Name] = zone
		}
	}
	return func(name string) (*time.Location, error) {
		if zone := given[name]; zone != nil {
			return zone, nil
		}
		return builtin(name)
	}
}

// Moved is a period of a schedule's final timeline that is there by some time-zone data and
// not by other.
type Moved struct {
	Schedule *rota.Schedule
	Period   rota.Period
	New      bool // it is there by the new data
}

// MovedBy returns which periods of [from, to) are otherwise by new time-zone data than by old,
// in order of time: schedule by schedule, and of each the first [rota.PeriodsMax].
func MovedBy(r table.Reader, old, new Zones, from, to time.Time) (all []Moved, err error) {
	for s := range Schedules.All(r) {
		before, err := periodsBy(r, s, old, from, to)
		if err != nil {
			return nil, err
		}
		after, err := periodsBy(r, s, new, from, to)
		if err != nil {
			return nil, err
		}
		var moved []Moved
		for _, p := range without(before, after) {
			moved = append(moved, Moved{s, p, false})
		}
		for _, p := range without(after, before) {
			moved = append(moved, Moved{s, p, true})
		}
		slices.SortStableFunc(moved, func(a, b Moved) int { return a.Period.Start.Compare(b.Period.Start) })
		all = append(all, moved...)
	}
	return all, nil
}

func periodsBy(r table.Reader, s *rota.Schedule, zones Zones, from, to time.Time) ([]rota.Period, error) {
	calendar, err := CalendarOf(r, s, zones, from, to)
	if err != nil {
		return nil, err
	}
	return calendar.Timeline(from, to).Final, nil
}
