package api

import "keng/hub/state"

// savedSearchRoutes is the part of the table about searches that people keep under a name. To keep one is
// to configure; to look at one, or to search by it, is to read.
func savedSearchRoutes() []route {
	const all, one = "/v2/alerts/saved-searches", "/v2/alerts/saved-searches/{identifier...}"
	see := func(path string, h handler) route {
		return route{"GET", path, state.Read, false, alertDomain, h}
	}
	set := func(method, path string, h handler) route {
		return route{method, path, state.Configure, true, alertDomain, h}
	}
	return []route{
		set("POST", all, change(createSavedSearch, savedSearchCreated)),
		see(all, tellList(listSavedSearches)),
		see(one, tell(getSavedSearch)),
		set("PATCH", one, change(changeSavedSearch, savedSearchChanged)),
		set("DELETE", one, change(deleteSavedSearch, deleted[state.Nothing])),
	}
}

// savedSearchIn names a saved search, and says what it is to be.
type savedSearchIn struct {
	search state.Pick
	fields state.SavedSearchFields
}

func (in *savedSearchIn) read(c *call) {
	in.search = c.picked("identifierType")
	b := c.body
	in.fields = state.SavedSearchFields{
		Name: b.said("name"), Query: b.said("query"), Description: b.said("description"), Owner: b.saidPick("owner"),
	}
	if b.has("teams") {
		teams := []state.Pick{}
		for _, team := range b.objects("teams") {
			teams = append(teams, team.pick())
		}
		in.fields.Teams = &teams
	}
}

func createSavedSearch(in *savedSearchIn) state.CreateSavedSearch {
	return state.CreateSavedSearch{Fields: in.fields}
}

func changeSavedSearch(in *savedSearchIn) state.ChangeSavedSearch {
	return state.ChangeSavedSearch{Search: in.search, Fields: in.fields}
}

func deleteSavedSearch(in *savedSearchIn) state.DeleteSavedSearch {
	return state.DeleteSavedSearch{Search: in.search}
}

func savedSearchCreated(s state.SavedSearch) *written { return created(thing{ID: s.ID, Name: s.Name}) }
func savedSearchChanged(s state.SavedSearch) *written { return updated(thing{ID: s.ID, Name: s.Name}) }

func listSavedSearches(tx reader, _ *savedSearchIn) (list []thing, err error) {
	for _, s := range state.SavedSearchList(tx) {
		list = append(list, thing{ID: s.ID, Name: s.Name})
	}
	return list, nil
}

// savedSearchRecord is a saved search as replies tell it. An owner or a team that has been deleted is left out.
type savedSearchRecord struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	CreatedAt   moment        `json:"createdAt"`
	UpdatedAt   moment        `json:"updatedAt"`
	Owner       *deliveryUser `json:"owner,omitempty"`
	Teams       []thing       `json:"teams"`
	Description string        `json:"description"`
	Query       string        `json:"query"`
}

func getSavedSearch(tx reader, in *savedSearchIn) (savedSearchRecord, error) {
	s, err := in.search.SavedSearch(tx)
	if err != nil {
		return savedSearchRecord{}, err
	}
	out := savedSearchRecord{
		ID: s.ID, Name: s.Name, CreatedAt: moment{s.CreatedAt}, UpdatedAt: moment{s.UpdatedAt}, Teams: []thing{}, Description: s.Description, Query: s.Query,
	}
	if username := usernameOf(tx, s.Owner); username != "" {
		out.Owner = &deliveryUser{ID: string(s.Owner), Username: username}
	}
	for _, id := range s.Teams {
		if team := ownerOf(tx, string(id)); team != nil {
			out.Teams = append(out.Teams, *team)
		}
	}
	return out, nil
}
