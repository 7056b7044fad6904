package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"keng/hub/core/rota"
	"keng/hub/state"
)

const (
	// movedAhead is how far ahead it is looked which shifts other time-zone data moves, and
	// movedMax how many of them are told.
	movedAhead = 366 * 24 * time.Hour
	movedMax   = 500
)

// zonesIn is time-zone data for the cluster.
type zonesIn struct {
	asker
	data   state.PutZones
	dryRun bool
}

func (in *zonesIn) read(c *call) {
	in.asker = c.asker()
	in.data.Version = c.body.text("version")
	dry := c.body.saidTruth("dryRun")
	in.dryRun = dry != nil && *dry
	var files map[string][]byte
	c.body.into("zones", "an object of time-zone data in base64 by the zones' names", &files)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		in.data.Files = append(in.data.Files, state.ZoneFile{Name: name, Data: files[name]})
	}
	c.blame(in.data.Check())
}

// zonesRecord is which time-zone data a cluster has been given, or would be, and what that
// moves.
type zonesRecord struct {
	Given   bool          `json:"given"` // else it is the data of the leader's machine that counts
	Version string        `json:"version,omitempty"`
	Zones   int           `json:"zones,omitempty"`
	GivenAt *moment       `json:"givenAt,omitempty"`
	Moved   []movedPeriod `json:"moved,omitempty"`
	More    int           `json:"more,omitempty"` // that are moved besides
}

// movedPeriod is a period of a schedule's final timeline that is there by the one data and not
// by the other.
type movedPeriod struct {
	Schedule thing  `json:"schedule"`
	Rotation string `json:"rotation"`
	Data     string `json:"data"` // old or new
	period
}

func zonesOf(tx reader) zonesRecord {
	given, ok := state.GivenZoneData(tx)
	if !ok {
		return zonesRecord{}
	}
	return zonesRecord{Given: true, Version: given.Version, Zones: given.Zones, GivenAt: &moment{given.At}}
}

func getZones(tx reader, _ *nothingIn) (zonesRecord, error) { return zonesOf(tx), nil }

// putZones tells which shifts new data moves, and gives it to the cluster unless that was all
// that was asked for.
func (a *API) putZones(ctx context.Context, in *zonesIn) (*written, error) {
	out := zonesRecord{Given: len(in.data.Files) > 0, Version: in.data.Version, Zones: len(in.data.Files)}
	err := a.look(ctx, func(tx reader) error {
		now := a.Now()
		all, err := state.MovedBy(tx, a.zones.In(tx), in.data.Zones(a.Zones), now, now.Add(movedAhead))
		if err != nil {
			return err
		}
		for _, m := range all[:min(len(all), movedMax)] {
			out.Moved = append(out.Moved, movedOf(tx, m))
		}
		out.More = len(all) - len(out.Moved)
		return nil
	})
	if err != nil || in.dryRun {
		return &written{http.StatusOK, "Nothing has been changed", out}, err
	}
	if _, err := do(ctx, a, in.seed, in.data); err != nil {
		return nil, err
	}
	return updated(out), nil
}

func movedOf(tx reader, m state.Moved) movedPeriod {
	out := movedPeriod{Schedule: thing{ID: string(m.Schedule.ID), Name: m.Schedule.Name}, Data: "old", period: periodOf(tx, m.Period)}
	if m.New {
		out.Data = "new"
	}
	if i := slices.IndexFunc(m.Schedule.Rotations, func(r rota.Rotation) bool { return r.ID == m.Period.Rotation }); i >= 0 {
		out.Rotation = m.Schedule.Rotations[i].Name
	}
	return out
}

// home returns the zone of times that say none: the cluster's. Nil is UTC.
func (a *API) home(ctx context.Context) (zone *time.Location) {
	_ = a.Store.View(ctx, false, func(tx reader) (err error) { // a cluster that cannot be read has no alerts to look for either
		zone, err = a.zones.In(tx)(state.HomeZone(tx))
		return err
	})
	return zone
}
