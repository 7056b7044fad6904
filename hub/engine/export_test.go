package engine

// Kept returns how many pings are held, and how many are kept in mind for heartbeats that
// are not there.
func (p *Pings) Kept() (held, strange int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.held), len(p.strange)
}
