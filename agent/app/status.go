package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"keng/agent/check"
	"keng/agent/plan"
	"keng/agent/spool"
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
	Checks      []CheckStatus `json:"checks"` // in the order of the configuration
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
}

// CheckStatus is about one check.
type CheckStatus struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
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
	standing, err := l.scheduler.standing(ctx, l.done)
	if err != nil {
		return Status{}, err
	}
	unwritten, lost := l.queue.counts()
	status := Status{
		Software: a.software(), Site: a.options.Config.Site, Now: time.Now(), Began: l.began,
		CutOff: standing.Network == plan.Down,
		Hub:    l.hub.status(),
		Spool:  SpoolStatus{Waiting: l.spool.Waiting(), Unwritten: unwritten, Dropped: l.spool.Dropped() + lost},
		Checks: make([]CheckStatus, len(standing.Checks)),
	}
	if status.CutOff {
		status.CutOffSince = standing.Since
	}
	for i, c := range standing.Checks {
		status.Checks[i] = CheckStatus{
			Name: c.Name, Kind: a.checks[i].Kind, State: c.Verdict.String(), Since: c.Since,
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

// notingSpool is a spool that notes when a hub acknowledges.
type notingSpool struct {
	*spool.Spool
	record *hubRecord
}

// Acked implements uplink.Spool.
func (s notingSpool) Acked(through uint64) error {
	s.record.acknowledged()
	return s.Spool.Acked(through)
}
