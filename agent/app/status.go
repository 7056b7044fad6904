package app

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"keng/agent/check"
	"keng/agent/plan"
	"keng/agent/spool"
	"keng/proto/agentpb"
	"keng/proto/link"
)

// errNotRunning: there is nothing to tell of.
var errNotRunning = errors.New("the agent does not run")

// Status is what a running agent thinks. Its JSON form is what keng-agent status --json
// prints; what a later version adds does not change what is there.
type Status struct {
	Software string    `json:"software"`
	Site     string    `json:"site"`
	Now      time.Time `json:"now"`   // by the agent's clock
	Began    time.Time `json:"began"` // when it began to check
	// CutOff says that no probe answers: the agent's own network is at fault, and its
	// checks are held back. CutOffSince is zero if it is not.
	CutOff      bool          `json:"cut_off"`
	CutOffSince time.Time     `json:"cut_off_since,omitzero"`
	Hub         HubStatus     `json:"hub"`
	Spool       SpoolStatus   `json:"spool"`
	FromHub     FromHub       `json:"from_hub"`
	Checks      []CheckStatus `json:"checks"` // in the order of the configuration, then those of the hub
}

// FromHub is about the checks that come from the hub.
type FromHub struct {
	Version string `json:"version,omitempty"` // in use, in hexadecimal digits
	Problem string `json:"problem,omitempty"` // why the newest are not in use
	// Overrides are the checks of the hub in whose place the agent's own are run.
	Overrides []string `json:"overrides,omitempty"`
}

func (a *App) fromHub() FromHub {
	version, problem, overrides := a.list.ofHub()
	return FromHub{Version: hex.EncodeToString(version), Problem: problem, Overrides: overrides}
}

// HubStatus is about the connection to a hub.
type HubStatus struct {
	Connected bool   `json:"connected"`
	Node      string `json:"node,omitempty"`    // the id of that hub, or of the last one
	Address   string `json:"address,omitempty"` // where it is
	// Since is when the connection was made, or lost; zero if there was none yet.
	Since time.Time `json:"since,omitzero"`
	// LastAck is when a hub last acknowledged, LastHeard when it last showed that it
	// lives; zero for never.
	LastAck   time.Time `json:"last_ack,omitzero"`
	LastHeard time.Time `json:"last_heard,omitzero"`
	LastError string    `json:"last_error,omitempty"` // why the last connection ended
}

// SpoolStatus is about the events that no hub has acknowledged.
type SpoolStatus struct {
	Waiting   uint64 `json:"waiting"`             // on the disk
	Unwritten int    `json:"unwritten,omitempty"` // in memory alone: the disk takes none
	Dropped   uint64 `json:"dropped"`             // lost since the agent began
	// Mode is disk, or ram: then events do not outlive a power cut. Trouble says why it is ram
	// though disk is configured.
	Mode    string `json:"mode"`
	Trouble string `json:"trouble,omitempty"`
}

// CheckStatus is about one check.
type CheckStatus struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	// FromHub says that the check comes from the hub, Overrides that the hub has one of that
	// name and the agent's own is run instead.
	FromHub   bool `json:"from_hub,omitempty"`
	Overrides bool `json:"overrides,omitempty"`
	// State is up, down, unknown, or pending before the first verdict.
	State  string    `json:"state"`
	Since  time.Time `json:"since,omitzero"`
	Reason string    `json:"reason,omitempty"` // of the last run
	// Held says that it fails but is not judged: the agent asks its probes, or is cut off.
	Held    bool      `json:"held,omitempty"`
	LastRun time.Time `json:"last_run,omitzero"`
	NextRun time.Time `json:"next_run,omitzero"` // zero while it is running
}

// Well reports whether all is up: every check, the agent's network and the connection
// to a hub.
func (s *Status) Well() bool {
	for _, c := range s.Checks {
		if c.State != plan.Up.String() {
			return false
		}
	}
	return s.Hub.Connected && !s.CutOff
}

// life is what runs between the opening of a spool and its end.
type life struct {
	began     time.Time
	queue     *queue
	spool     *spool.Spool
	hub       *hubRecord
	scheduler *scheduler
	done      <-chan struct{}
}

func (a *App) setLife(l *life) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.life = l
}

// Status returns what the agent thinks now. It fails if the agent is not running.
func (a *App) Status(ctx context.Context) (Status, error) {
	a.mu.Lock()
	l := a.life
	a.mu.Unlock()
	if l == nil {
		return Status{}, errNotRunning
	}
	standing, checks, err := l.scheduler.standing(ctx, l.done)
	if err != nil {
		return Status{}, err
	}
	unwritten, lost := l.queue.counts()
	site, _ := a.list.now()
	status := Status{
		Software: a.software(), Site: site, FromHub: a.fromHub(), Now: time.Now(), Began: l.began,
		CutOff: standing.Network == plan.Down,
		Hub:    l.hub.status(),
		Spool:  SpoolStatus{Waiting: l.spool.Waiting(), Unwritten: unwritten, Dropped: l.spool.Dropped() + lost, Mode: cmp.Or(a.options.Config.Spool.Mode, spoolDisk)},
		Checks: make([]CheckStatus, len(standing.Checks)),
	}
	if why := l.spool.Away(); why != nil {
		status.Spool.Mode, status.Spool.Trouble = spoolRAM, check.OneLine(why.Error())
	}
	if status.CutOff {
		status.CutOffSince = standing.Since
	}
	for i, c := range standing.Checks {
		status.Checks[i] = CheckStatus{
			Name: c.Name, Kind: checks[i].Kind, FromHub: checks[i].fromHub, Overrides: checks[i].overrides, State: c.Verdict.String(), Since: c.Since,
			Reason: check.OneLine(c.Last.Reason), Held: c.Held, LastRun: c.LastAt,
		}
		if !c.Running {
			status.Checks[i].NextRun = c.Next
		}
	}
	return status, nil
}

// hubRecord remembers the connection to a hub. It is safe for concurrent use.
type hubRecord struct {
	mu   sync.Mutex
	conn *link.Conn // nil while there is none
	now  HubStatus
}

func (r *hubRecord) connected(conn *link.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conn = conn
	r.now.Connected, r.now.Since = true, time.Now()
	r.now.Node, r.now.Address = conn.Welcome().Node, conn.RemoteAddr().String()
}

func (r *hubRecord) lost(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.LastHeard, r.conn = r.conn.LastHeard(), nil
	r.now.Connected, r.now.Since = false, time.Now()
	r.now.LastError = check.OneLine(err.Error())
}

func (r *hubRecord) acknowledged() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.LastAck = time.Now()
}

func (r *hubRecord) status() HubStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now
	if r.conn != nil {
		now.LastHeard = r.conn.LastHeard()
	}
	return now
}

// notingSpool is a spool that notes when a hub acknowledges, and has all verdicts told
// again when a hub has everything, and was told that events were lost (P13): one of those
// may have been the last word about a check.
type notingSpool struct {
	*spool.Spool
	record  *hubRecord
	restate chan<- struct{}
	lost    bool // of the one session that runs
}

// Next implements uplink.Spool.
func (s *notingSpool) Next(after uint64, max int) ([]*agentpb.Event, error) {
	events, err := s.Spool.Next(after, max)
	for _, event := range events {
		s.lost = s.lost || event.GetDropped() != nil
	}
	return events, err
}

// Acked implements uplink.Spool.
func (s *notingSpool) Acked(through uint64) error {
	s.record.acknowledged()
	err := s.Spool.Acked(through)
	if err == nil && s.lost && s.Spool.Waiting() == 0 {
		s.lost = false
		wantRestate(s.restate)
	}
	return err
}

// wantRestate leaves a token, if there is none yet.
func wantRestate(restate chan<- struct{}) {
	select {
	case restate <- struct{}{}:
	default:
	}
}
