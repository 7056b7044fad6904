package route

// A decision is made while everything else waits, and rules may be many, long, and asked about
// a long text: one expression as (.*a){50} may take 0.2 s about 15 kB, and an integration has up
// to 20,000. So a subject counts what was spent on it, in nanoseconds that it takes about at
// worst; most expressions take far less. When the budget is spent, conditions are met by
// nothing, placeholders give nothing, and who decides says so: what came in becomes an
// alert as it came, nothing holds it back, and the default rule routes it.
const (
	workMax     = 50_000_000
	lookWork    = 50    // to look at a value at all
	nameWork    = 5_000 // to look up the name of a responder
	callWork    = 10    // for each byte that a function of a template is called on
	patternWork = 10    // for each byte and each instruction of an expression
)

// tooMuch is said where not all rules were asked.
const tooMuch = "the rules would take too long about so long a text, and not all were asked"

// pay counts work, and reports whether the budget still covers it.
func (s *Subject) pay(work int) bool {
	s.work += work
	return s.work <= workMax
}

// tired reports whether the budget is spent.
func (s *Subject) tired() bool { return s.work > workMax }

// work returns what it takes to look through a text.
func (p *pattern) work(text string) int { return patternWork * p.cost * len(text) }
