package state

import (
	"errors"
	"slices"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/raftstore/table"
)

// Grouping is a grouping and its place among the others: the first that an alert meets counts.
type Grouping struct {
	Place    int            `cbor:"1,keyasint,omitempty"` // from 0
	Grouping route.Grouping `cbor:"2,keyasint"`
}

var groupingsInOrder = table.NewIndex(1, "order", false, func(g *Grouping) []table.Key {
	return []table.Key{table.K().Int64(int64(g.Place))}
})

// Groupings holds the groupings. [GroupingList] gives them in their order.
var Groupings = table.New(36, "groupings", func(g *Grouping) table.Key { return table.K().String(g.Grouping.ID) }, groupingsInOrder)

// GroupingsMax is how many groupings there are at most: each new alert is held against them.
const GroupingsMax = 100

// GroupingList returns the groupings in the order in which they are asked.
func GroupingList(r table.Reader) []*Grouping {
	return slices.Collect(groupingsInOrder.Find(r, table.K()))
}

// GetGrouping returns a grouping, or an error of kind [core.NotFound].
func GetGrouping(r table.Reader, id string) (*Grouping, error) {
	g, ok := Groupings.Get(r, table.K().String(id))
	if !ok {
		return nil, core.Missing("Grouping", firstRunes(id, NameMax))
	}
	return g, nil
}

// CreateGrouping makes a grouping, the last of all. Its id does not count. What is open
// already is not grouped by it.
type CreateGrouping struct {
	Grouping route.Grouping `cbor:"1,keyasint"`
}

func (CreateGrouping) number() number { return createGrouping }

func (k CreateGrouping) apply(c *change) (Grouping, error) {
	there := GroupingList(c.tx)
	g := Grouping{Place: len(there), Grouping: k.Grouping}
	g.Grouping.ID = c.newID("grouping")
	if len(there) >= GroupingsMax {
		return g, core.Invalid("name", "there are as many groupings as there may be: delete one that is not needed")
	}
	return g, c.keepGrouping(&g)
}

// ChangeGrouping replaces all that is said of a grouping, but its place. Alerts that are under
// a parent stay there.
type ChangeGrouping struct {
	ID       string         `cbor:"1,keyasint"`
	Grouping route.Grouping `cbor:"2,keyasint"`
}

func (ChangeGrouping) number() number { return changeGrouping }

func (k ChangeGrouping) apply(c *change) (Grouping, error) {
	g, err := GetGrouping(c.tx, k.ID)
	if err != nil {
		return Grouping{}, err
	}
	g.Grouping = k.Grouping
	g.Grouping.ID = k.ID
	return *g, c.keepGrouping(g)
}

// MoveGrouping lets a grouping be asked at another place; one beyond the end is the last.
type MoveGrouping struct {
	ID string `cbor:"1,keyasint"`
	To int    `cbor:"2,keyasint,omitempty"` // from 0
}

func (MoveGrouping) number() number { return moveGrouping }

func (k MoveGrouping) apply(c *change) (Nothing, error) {
	if _, err := GetGrouping(c.tx, k.ID); err != nil {
		return Nothing{}, err
	}
	if k.To < 0 {
		return Nothing{}, core.Invalid("targetIndex", "must be 0 or more")
	}
	all := GroupingList(c.tx)
	from := slices.IndexFunc(all, func(x *Grouping) bool { return x.Grouping.ID == k.ID })
	return Nothing{}, c.renumberGroupings(place(all, from, min(k.To, len(all)-1)))
}

// DeleteGrouping deletes a grouping. Its parents stay until their last member is closed.
type DeleteGrouping struct {
	ID string `cbor:"1,keyasint"`
}

func (DeleteGrouping) number() number { return deleteGrouping }

func (k DeleteGrouping) apply(c *change) (Nothing, error) {
	g, err := GetGrouping(c.tx, k.ID)
	if err != nil {
		return Nothing{}, err
	}
	Groupings.Delete(c.tx, Groupings.KeyOf(g))
	return Nothing{}, c.renumberGroupings(GroupingList(c.tx))
}

// renumberGroupings gives the groupings the places in which they stand.
func (c *change) renumberGroupings(all []*Grouping) error {
	return errors.Join(renumber(c, Groupings, all, func(g *Grouping) *int { return &g.Place }), c.stampPolicies())
}

func (c *change) keepGrouping(g *Grouping) error {
	if err := g.Grouping.Check(); err != nil {
		return err
	}
	if err := Groupings.Put(c.tx, g); err != nil {
		return err
	}
	return c.stampPolicies()
}

// ofGrouping returns the groupings in their order. The mutex is held.
func (s *policySet) ofGrouping(r table.Reader) []route.Grouping {
	if !s.grouped {
		for _, g := range GroupingList(r) {
			s.groupings = append(s.groupings, g.Grouping)
		}
		s.grouped = true
	}
	return s.groupings
}

// group returns the group to which a new alert belongs, if any.
func (d decider) group(a *alert.Alert) (route.Group, bool) {
	set := d.policies()
	set.mutex.Lock()
	defer set.mutex.Unlock()
	list := set.ofGrouping(d.r)
	if len(list) == 0 {
		return route.Group{}, false
	}
	subject := route.Of(a, d.nameOf)
	return route.GroupOf(list, &subject, set.memo)
}
