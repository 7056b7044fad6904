package state

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/raftstore/table"
)

// SavedSearch is a query about alerts that people keep under a name. When its owner or one of its teams is
// deleted it stays, without them: dashboards and scripts go by its name.
type SavedSearch struct {
	ID          string `cbor:"1,keyasint"`
	Name        string `cbor:"2,keyasint"` // unique, upper and lower case alike
	Query       string `cbor:"3,keyasint"` // as it was written: what is relative in it is so to whoever searches
	Description string `cbor:"4,keyasint,omitempty"`
	// Owner and Teams may name who has been deleted, whom replies leave out. Ids are never used again.
	Owner     core.UserID   `cbor:"5,keyasint"`
	Teams     []core.TeamID `cbor:"6,keyasint,omitempty"`
	CreatedAt time.Time     `cbor:"7,keyasint"`
	UpdatedAt time.Time     `cbor:"8,keyasint"`
}

// The limits of saved searches, beside those of names, texts and queries.
const (
	SavedSearchesMax    = 1_000 // in all
	SavedSearchTeamsMax = 20    // of one
)

var savedSearchesByName = table.NewIndex(1, "name", true, func(s *SavedSearch) []table.Key {
	return []table.Key{table.K().String(strings.ToLower(s.Name))}
})

// SavedSearches holds the saved searches. [SavedSearchList] gives them in the order of their names.
var SavedSearches = table.New(61, "saved searches", func(s *SavedSearch) table.Key { return table.K().String(s.ID) }, savedSearchesByName)

// SavedSearchList returns all saved searches in the order of their names.
func SavedSearchList(r table.Reader) []*SavedSearch {
	return slices.Collect(savedSearchesByName.Find(r, table.K()))
}

// SavedSearch returns the saved search, or an error of kind [core.NotFound]. Names are found whatever the
// case of their letters.
func (p Pick) SavedSearch(r table.Reader) (*SavedSearch, error) {
	s, err := pick(r, Pick{ID: p.ID, Name: strings.ToLower(p.Name)}, "Saved search", SavedSearches, savedSearchesByName)
	if err != nil {
		return nil, core.Missing("Saved search", firstRunes(p.String(), NameMax))
	}
	return s, nil
}

// SavedSearchFields is what a caller says of a saved search. Nil is not said; name, query and owner must be
// said each time, as Opsgenie wants it.
type SavedSearchFields struct {
	Name        *string `cbor:"1,keyasint,omitempty"`
	Query       *string `cbor:"2,keyasint,omitempty"`
	Description *string `cbor:"3,keyasint,omitempty"`
	Owner       *Pick   `cbor:"4,keyasint,omitempty"`
	Teams       *[]Pick `cbor:"5,keyasint,omitempty"` // replaces all
}

// fill writes what was said into a saved search and complains about what cannot be.
func (f *SavedSearchFields) fill(c *change, s *SavedSearch) error {
	wrong := faults{}
	if f.Name == nil || strings.TrimSpace(*f.Name) == "" {
		wrong.add("name", "a saved search needs a name")
	} else {
		s.Name = strings.TrimSpace(*f.Name)
		wrong.length("name", s.Name, NameMax)
	}
	if f.Query == nil || strings.TrimSpace(*f.Query) == "" {
		wrong.add("query", "a saved search needs a query, such as status: open")
	} else {
		s.Query = *f.Query
		if _, err := ParseQuery(s.Query, c.now, nil); err != nil {
			wrong.add("query", err.Error())
		}
	}
	if f.Owner == nil {
		wrong.add("owner", "must say whose it is, by id or username")
	} else {
		c.person(wrong, "owner", &s.Owner, f.Owner)
	}
	set(&s.Description, f.Description)
	wrong.length("description", s.Description, TextMax)
	if f.Teams != nil {
		s.Teams = c.teamsOf(wrong, *f.Teams)
	}
	return wrong.err()
}

// teamsOf finds the teams of a saved search, each once.
func (c *change) teamsOf(wrong faults, said []Pick) (teams []core.TeamID) {
	wrong.count("teams", len(said), SavedSearchTeamsMax)
	for i, p := range said[:min(len(said), SavedSearchTeamsMax)] {
		t, err := p.Team(c.tx)
		if err != nil {
			wrong.missing(fmt.Sprintf("teams[%d]", i), err)
		} else if !slices.Contains(teams, t.ID) {
			teams = append(teams, t.ID)
		}
	}
	return teams
}

// CreateSavedSearch keeps a query under a name.
type CreateSavedSearch struct {
	Fields SavedSearchFields `cbor:"1,keyasint"`
}

func (CreateSavedSearch) number() number { return createSavedSearch }

func (k CreateSavedSearch) apply(c *change) (SavedSearch, error) {
	s := SavedSearch{ID: c.newID("saved-search"), CreatedAt: c.now}
	if err := k.Fields.fill(c, &s); err != nil {
		return s, err
	}
	if savedSearchesByName.Count(c.tx, table.K(), afterAll, nil) >= SavedSearchesMax {
		return s, core.Invalid("name", fmt.Sprintf("there are %d saved searches already: delete one first", SavedSearchesMax))
	}
	return s, c.keepSavedSearch(&s)
}

// keepSavedSearch keeps a saved search, which is changed by that, unless its name is another one's.
func (c *change) keepSavedSearch(s *SavedSearch) error {
	s.UpdatedAt = c.now
	return c.unique(keep(c, SavedSearches, s), "Saved search", s.Name)
}

// ChangeSavedSearch changes what is said of a saved search.
type ChangeSavedSearch struct {
	Search Pick              `cbor:"1,keyasint"`
	Fields SavedSearchFields `cbor:"2,keyasint"`
}

func (ChangeSavedSearch) number() number { return changeSavedSearch }

func (k ChangeSavedSearch) apply(c *change) (SavedSearch, error) {
	s, err := k.Search.SavedSearch(c.tx)
	if err != nil {
		return SavedSearch{}, err
	}
	if err := k.Fields.fill(c, s); err != nil {
		return *s, err
	}
	return *s, c.keepSavedSearch(s)
}

// DeleteSavedSearch deletes a saved search.
type DeleteSavedSearch struct {
	Search Pick `cbor:"1,keyasint"`
}

func (DeleteSavedSearch) number() number { return deleteSavedSearch }

func (k DeleteSavedSearch) apply(c *change) (Nothing, error) {
	s, err := k.Search.SavedSearch(c.tx)
	if err != nil {
		return Nothing{}, err
	}
	SavedSearches.Delete(c.tx, SavedSearches.KeyOf(s))
	return Nothing{}, nil
}
