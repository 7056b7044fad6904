package plan

import "time"

// Standing is what the plan thinks at a moment, for people who ask.
type Standing struct {
	Network State     // None until it is known; Down is cut off
	Since   time.Time // when the network became that; zero for None
	Checks  []CheckStanding
}

// CheckStanding is what the plan thinks of one check.
type CheckStanding struct {
	Name    string
	Verdict State
	Since   time.Time // when it was given; zero for None
	// Last is what the last run found, and LastAt when; zero if there was none yet.
	Last   Outcome
	LastAt time.Time
	Took   time.Duration // the last run
	// Next is when it is run again. It is in the past while the check is Running, or waits
	// for its turn.
	Next    time.Time
	Running bool
	// Held says that it fails, and no verdict is given: the probes are being asked, or the
	// agent is cut off.
	Held bool
}

// Standing returns what the plan thinks now, the checks in their order in [Settings].
func (p *Plan) Standing() Standing {
	s := Standing{Network: p.network, Since: p.networkSince, Checks: make([]CheckStanding, len(p.checks))}
	for i, w := range p.checks {
		s.Checks[i] = CheckStanding{
			Name: w.Name, Verdict: w.verdict, Since: w.turned, Last: w.latest, LastAt: w.ran, Took: w.took,
			Next: w.wake(), Running: w.running, Held: w.doubted || w.held,
		}
	}
	return s
}
