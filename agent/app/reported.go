package app

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"slices"
	"sync"

	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/agent/plan"
	"keng/proto/agentpb"
)

// downFile names the checks that the hub believes to be down.
const downFile = "down.json"

// downMax bounds the list; what is beyond it is not closed when its check is removed.
const downMax = checksMax + 1

// place is a check at a site: what an alert is about.
type place struct {
	Site  string `json:"site"`
	Check string `json:"check"`
}

// reported are the checks that were told to be down and not to be up again. The list is on
// disk: a check that is taken out of the configuration while it is down, be it while the
// agent does not run, must not leave an alert open for ever. It is safe for concurrent use.
type reported struct {
	path string // "" keeps it in memory alone

	mu   sync.Mutex
	down []place // sorted
}

func newReported(dataDir string) *reported {
	r := &reported{path: filepath.Join(dataDir, downFile)}
	if data, err := readAtMost(r.path, 1<<20); err == nil {
		json.Unmarshal(data, &r.down) // a damaged list is as good as none
	}
	slices.SortFunc(r.down, comparePlaces)
	return r
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.Site, b.Site), cmp.Compare(a.Check, b.Check))
}

// before notes what is about to be told to be down, before that is in the spool: whatever
// the hub may hear of is then on the list.
func (r *reported) before(events []*agentpb.Event) error {
	return r.note(events, agentpb.State_STATE_DOWN)
}

// after takes off the list what was told to be up, after that is in the spool.
func (r *reported) after(events []*agentpb.Event) error {
	return r.note(events, agentpb.State_STATE_UP)
}

func (r *reported) note(events []*agentpb.Event, state agentpb.State) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := false
	for _, event := range events {
		v := event.GetVerdict()
		if v.GetState() != state {
			continue
		}
		at := place{v.GetSite(), v.GetCheck()}
		i, there := slices.BinarySearchFunc(r.down, at, comparePlaces)
		switch {
		case state == agentpb.State_STATE_DOWN && !there && len(r.down) < downMax:
			r.down, changed = slices.Insert(r.down, i, at), true
		case state == agentpb.State_STATE_UP && there:
			r.down, changed = slices.Delete(r.down, i, i+1), true
		}
	}
	if !changed || r.path == "" {
		return nil
	}
	return writeJSON(r.path, r.down)
}

// removed returns an event for each check that was told to be down and is checked no more:
// its alert is to be closed.
func (r *reported) removed(site string, checked func(name string) bool) []*agentpb.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var events []*agentpb.Event
	for _, at := range r.down {
		if at.Site == site && (checked(at.Check) || at.Check == plan.Network) {
			continue
		}
		events = append(events, &agentpb.Event{At: timestamppb.Now(), Kind: &agentpb.Event_Verdict{Verdict: &agentpb.Verdict{
			Check: at.Check, Site: at.Site, State: agentpb.State_STATE_UP, Cause: agentpb.Cause_CAUSE_TARGET,
			Reason: "the check was removed from the agent's configuration", Details: map[string]string{"removed": "true"},
		}}})
	}
	return events
}
