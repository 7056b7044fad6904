package state

// Explain says how a search is done.
func (s *Search) Explain() string {
	plan := s.plan()
	return plan.Explain()
}
