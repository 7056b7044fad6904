package explain

import (
	"strconv"
	"time"

	"keng/hub/core"
)

// Account explains all of an alert: who was paged by what and why, who was not and why, and
// what comes next if nobody acts.
type Account struct {
	// State is how the alert stands; Under and Over say, of one in a group, that its parent calls
	// people, or that it does for its members. Nil: it is in none.
	State       Decision
	Under, Over *Decision
	People      []Person
	// Pages is how many pages there were in all, of which [Person.Pages] has the newest.
	Pages int
	// Decisions are those that concern nobody in particular, in their order.
	Decisions []Noted
	// Next is what is planned, the earliest first; Rests why nothing is, of an alert that wants
	// attention all the same.
	Next  []Noted
	Rests *Decision
}

// Noted is a decision with its moment.
type Noted struct {
	At time.Time
	Decision
}

// Person is somebody whom the alert concerns.
type Person struct {
	User  core.UserID
	Name  string
	Pages []Page
	// Notes are what else was decided about the person: of one who was not paged, why not.
	Notes []Noted
}

// Page is an attempt to reach a person by a contact.
type Page struct {
	ID      core.DeliveryID
	Contact core.ContactID
	At      time.Time // when it went to the outbox, or will
	FateAt  time.Time // of the stage that the decision tells
	Final   bool
	// Failed says that it ended without reaching the person, Withdrawn that it was taken back
	// before it went.
	Failed, Withdrawn bool
	// Decision is of kind [Paged], with everything that is known of the page.
	Decision Decision
}

// Tally counts the pages of a person.
type Tally struct {
	Tried     int // pages that went, or are to go
	Failed    int // those of them that ended without reaching the person
	Withdrawn int // pages that were taken back before they went
}

// Tally counts the person's pages.
func (p *Person) Tally() (t Tally) {
	for _, page := range p.Pages {
		switch {
		case page.Withdrawn:
			t.Withdrawn++
			continue
		case page.Failed:
			t.Failed++
		}
		t.Tried++
	}
	return t
}

// Summary says whether the person was paged.
func (p *Person) Summary() Decision {
	t := p.Tally()
	d := Decision{Kind: PagedPerson, User: p.User, Name: p.Name, Count: t.Tried}
	switch {
	case t.Tried == 0 && t.Withdrawn == 0:
		d.Kind = PassedPerson
	case t.Tried == 0:
		d.Kind, d.Count = PagesWithdrawn, t.Withdrawn
	case t.Failed == t.Tried:
		d.Kind = TriedPerson
	case t.Failed > 0:
		d.Kind, d.Of = PagedPartly, []string{strconv.Itoa(t.Failed)}
	}
	return d
}

// Lines tells the account line by line, to be read or read aloud. A moment is told by clock.
func (a *Account) Lines(inVietnamese bool, clock func(time.Time) string) (lines []string) {
	l := language(inVietnamese)
	say := func(d Decision) { lines = append(lines, d.tell(l)+".") }
	item := func(at time.Time, text string) { lines = append(lines, "- "+clock(at)+": "+text+".") }
	say(a.State)
	for _, d := range []*Decision{a.Under, a.Over} {
		if d != nil {
			say(*d)
		}
	}
	shown := 0
	for i := range a.People {
		p := &a.People[i]
		say(p.Summary())
		shown += len(p.Pages)
		for _, page := range p.Pages {
			item(page.At, page.Decision.tell(l))
		}
		for _, n := range p.Notes {
			item(n.At, n.cause(l)) // what comes of it stands above
		}
	}
	if a.Pages == 0 && a.Under == nil {
		say(Decision{Kind: PagedNobody})
	}
	if left := a.Pages - shown; left > 0 {
		say(Decision{Kind: OlderPages, Count: left})
	}
	section := func(title string, all []Noted) {
		if len(all) > 0 {
			lines = append(lines, title)
			for _, n := range all {
				item(n.At, n.tell(l))
			}
		}
	}
	section(l.of("What was decided besides:", "Những quyết định khác:"), a.Decisions)
	section(l.of("What comes next if nobody acts:", "Nếu không ai làm gì, tiếp theo sẽ là:"), a.Next)
	switch {
	case a.Under != nil: // what was said of the parent is all
	case a.Rests != nil:
		say(*a.Rests)
	case len(a.Next) == 0:
		say(Decision{Kind: NothingComes})
	}
	return lines
}
