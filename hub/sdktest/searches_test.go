package sdktest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	sdk "github.com/opsgenie/opsgenie-go-sdk-v2/client"
)

// save makes a search that finds alerts with a tag, and returns its id.
func (c *caller) save(name, tag string) string {
	made := must(c.write.alerts.CreateSavedSearch(c.ctx, &alert.CreateSavedSearchRequest{
		Name: name, Query: "tag: " + tag, Owner: alert.User{Username: userName}, Description: "what is " + tag, Teams: []alert.Team{{Name: teamName}},
	}))(c)
	want(c, "the name of the search", made.Name, name)
	c.catchUp()
	return made.Id
}

// search returns a search as the other node tells it.
func (c *caller) search(id string) *alert.GetSavedSearchResult {
	return must(c.read.alerts.GetSavedSearch(c.ctx, &alert.GetSavedSearchRequest{IdentifierType: alert.ID, IdentifierValue: id}))(c)
}

// A saved search is kept, finds what it says where alerts are listed and counted, and has its name alone.
func checkCreateSearch(c *caller) {
	name, tag := c.word(), c.word()
	id := c.save(name, tag)
	got := c.search(id)
	want(c, "the search", got.Name+", "+got.Query+", "+got.Description, name+", tag: "+tag+", what is "+tag)
	open := c.open(func(r *alert.CreateAlertRequest) { r.Tags = []string{tag} })
	c.open()
	found := must(c.read.alerts.List(c.ctx, &alert.ListAlertRequest{SearchIdentifier: name, SearchIdentifierType: alert.NAME}))(c).Alerts
	want(c, "whether it finds the alert alone", len(found) == 1 && found[0].Id == open, true)
	counted := must(c.read.alerts.CountAlerts(c.ctx, &alert.CountAlertsRequest{SearchIdentifier: id, SearchIdentifierType: alert.ID}))(c)
	want(c, "how many it finds", counted.Count, 1)
	_, err := c.write.alerts.CreateSavedSearch(c.ctx, &alert.CreateSavedSearchRequest{Name: name, Query: "x", Owner: alert.User{Username: userName}})
	c.refused(err, http.StatusConflict)
}

// searchList is the list of searches as it is. The client's own method takes the list for a single
// search and fails, whatever the answer.
type searchList struct {
	sdk.ResultMetadata
	Searches []alert.SavedSearchResult `json:"data"`
}

// All searches are listed, and those that are not any more are not.
func checkListSearches(c *caller) {
	name := c.word()
	id := c.save(name, "x")
	listed := func() bool {
		if _, err := c.read.alerts.ListSavedSearches(c.ctx, &alert.ListSavedSearchRequest{}); err == nil || !strings.Contains(err.Error(), "cannot unmarshal array") {
			c.errorf("the client takes a list for a single search, and says %v", err)
		}
		var list searchList
		if err := c.read.sdk.Exec(c.ctx, &alert.ListSavedSearchRequest{}, &list); err != nil {
			c.fatalf("%v", err)
		}
		return slices.ContainsFunc(list.Searches, func(s alert.SavedSearchResult) bool { return s.Id == id && s.Name == name })
	}
	want(c, "whether it is listed", listed(), true)
	must(c.write.alerts.DeleteSavedSearch(c.ctx, &alert.DeleteSavedSearchRequest{IdentifierType: alert.ID, IdentifierValue: id}))(c)
	c.catchUp()
	want(c, "whether it is listed when it is deleted", listed(), false)
}

// A search is found by its id and by its name, with all that was said of it.
func checkGetSearch(c *caller) {
	name := c.word()
	id := c.save(name, "x")
	got := must(c.read.alerts.GetSavedSearch(c.ctx, &alert.GetSavedSearchRequest{IdentifierType: alert.NAME, IdentifierValue: name}))(c)
	want(c, "the search", got.Id+", "+got.Name+", "+got.Query+", "+got.Description, id+", "+name+", tag: x, what is x")
	if len(got.Teams) != 1 || got.Teams[0] != (alert.Team{ID: c.team, Name: teamName}) || got.CreatedAt.IsZero() || got.UpdatedAt.IsZero() {
		c.errorf("the search: %+v", got)
	}
	want(c, "its name by the id", c.search(id).Name, name)
	_, err := c.read.alerts.GetSavedSearch(c.ctx, &alert.GetSavedSearchRequest{IdentifierType: alert.ID, IdentifierValue: c.word()})
	c.refused(err, http.StatusNotFound)
}

// A search that is changed has another name and finds other alerts.
func checkUpdateSearch(c *caller) {
	name, renamed := c.word(), c.word()
	id := c.save(name, "x")
	must(c.write.alerts.UpdateSavedSearch(c.ctx, &alert.UpdateSavedSearchRequest{
		IdentifierType: alert.NAME, IdentifierValue: name, NewName: renamed, Query: "tag: y", Owner: alert.User{Username: userName}, Description: "another",
	}))(c)
	c.catchUp()
	got := c.search(id)
	want(c, "the search", got.Name+", "+got.Query+", "+got.Description, renamed+", tag: y, another")
	_, err := c.read.alerts.GetSavedSearch(c.ctx, &alert.GetSavedSearchRequest{IdentifierType: alert.NAME, IdentifierValue: name})
	c.refused(err, http.StatusNotFound)
}

// A search that is deleted is not there any more, and its name is free.
func checkDeleteSearch(c *caller) {
	name := c.word()
	id := c.save(name, "x")
	must(c.write.alerts.DeleteSavedSearch(c.ctx, &alert.DeleteSavedSearchRequest{IdentifierType: alert.NAME, IdentifierValue: name}))(c)
	c.catchUp()
	_, err := c.read.alerts.GetSavedSearch(c.ctx, &alert.GetSavedSearchRequest{IdentifierType: alert.ID, IdentifierValue: id})
	c.refused(err, http.StatusNotFound)
	c.save(name, "x")
}
