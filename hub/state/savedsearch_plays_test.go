package state_test

import (
	"fmt"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/state"
)

// savedSearchVerbs are what plays do with searches that are kept.
func (s *stage) savedSearchVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{"save": s.saveSearch, "resave": s.resaveSearch, "unsave": s.unsaveSearch, "saved": s.savedSearches}
}

// searchFields reads NAME OWNER [team=TEAM]... [about=TEXT] QUERY...; "-" is not said, and "_" a space.
func searchFields(args []string) (f state.SavedSearchFields) {
	said := func(text string) *string {
		if text == "-" {
			return nil
		}
		text = strings.ReplaceAll(text, "_", " ")
		return &text
	}
	f.Name = said(args[0])
	if owner := said(args[1]); owner != nil {
		f.Owner = &state.Pick{Name: *owner}
	}
	for args = args[2:]; ; args = args[1:] {
		if team, ok := strings.CutPrefix(args[0], "team="); ok {
			if f.Teams == nil {
				f.Teams = &[]state.Pick{}
			}
			if team != "none" {
				*f.Teams = append(*f.Teams, state.Pick{Name: team})
			}
			continue
		}
		about, ok := strings.CutPrefix(args[0], "about=")
		if !ok {
			break
		}
		f.Description = said(about)
	}
	f.Query = said(strings.Join(args, " "))
	return f
}

func (s *stage) saveSearch(args []string) error {
	_, err := do(s, state.CreateSavedSearch{Fields: searchFields(args)})
	return err
}

// resaveSearch WHICH and what [searchFields] reads.
func (s *stage) resaveSearch(args []string) error {
	_, err := do(s, state.ChangeSavedSearch{Search: state.Pick{Name: args[0]}, Fields: searchFields(args[1:])})
	return err
}

func (s *stage) unsaveSearch(args []string) error {
	_, err := do(s, state.DeleteSavedSearch{Search: state.Pick{Name: args[0]}})
	return err
}

// savedSearches shows them, with who of their owners and teams is there still.
func (s *stage) savedSearches([]string) error {
	for _, x := range state.SavedSearchList(s.tx) {
		owner, teams := "nobody", []string{}
		if u, err := (state.Pick{ID: string(x.Owner)}).User(s.tx); err == nil {
			owner = u.Username
		}
		for _, id := range x.Teams {
			if t, err := (state.Pick{ID: string(id)}).Team(s.tx); err == nil {
				teams = append(teams, t.Name)
			}
		}
		s.say("%s of %s, teams %v, %q: %s (made %s, changed %s)", x.Name, owner, teams, x.Description, x.Query, x.CreatedAt.Sub(s.start), x.UpdatedAt.Sub(s.start))
	}
	return nil
}

// Rule keng-5.saved.most.
func TestSavedSearchesHaveABound(t *testing.T) {
	s := newStage(t)
	if err := s.user([]string{"an", "vi", "push:x"}); err != nil {
		t.Fatal(err)
	}
	for n := range state.SavedSearchesMax {
		if err := s.saveSearch([]string{fmt.Sprint("s", n), "an", "status: open"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.saveSearch([]string{"one-more", "an", "status: open"}); core.KindOf(err) != core.Unacceptable || !strings.Contains(err.Error(), "1000") {
		t.Errorf("one more than there may be: %v", err)
	}
	if err := s.resaveSearch([]string{"s7", "S7", "an", "status: closed"}); err != nil {
		t.Errorf("one that is there cannot be changed: %v", err)
	}
	if err := s.unsaveSearch([]string{"s7"}); err != nil {
		t.Fatal(err)
	}
	if err := s.saveSearch([]string{"one-more", "an", "status: open"}); err != nil {
		t.Errorf("in the place of a deleted one: %v", err)
	}
}
