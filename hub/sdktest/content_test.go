package sdktest

import (
	"fmt"
	"slices"

	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
)

// notes lists notes of an alert at the other node.
func (c *caller) notes(r alert.ListAlertNotesRequest) (notes []alert.AlertNote, paging map[string]string) {
	page := must(c.read.alerts.ListAlertNotes(c.ctx, &r))(c)
	return page.AlertLog, page.Paging
}

// A note stands in the log with who wrote it.
func checkAddNote(c *caller) {
	id := c.open()
	c.done(c.write.alerts.AddNote(c.ctx, &alert.AddNoteRequest{IdentifierValue: id, User: userName, Note: "the fan is broken"}))
	c.logged(id, userName+": Note: the fan is broken")
	c.undone("Alert does not exist")(c.write.alerts.AddNote(c.ctx, &alert.AddNoteRequest{IdentifierValue: c.word(), Note: "n"}))
}

// Notes are listed page by page, newest first unless it is asked for otherwise.
func checkListNotes(c *caller) {
	id := c.open()
	for _, note := range []string{"one", "two", "three"} {
		c.done(c.write.alerts.AddNote(c.ctx, &alert.AddNoteRequest{IdentifierValue: id, User: userName, Note: note}))
	}
	told := func(list []alert.AlertNote) (all []string) {
		for _, n := range list {
			all = append(all, n.Note)
		}
		return all
	}
	all, _ := c.notes(alert.ListAlertNotesRequest{IdentifierValue: id})
	want(c, "all notes", fmt.Sprint(told(all)), "[three two one]")
	if len(all) > 0 && (all[0].Owner != userName || all[0].CreatedAt.IsZero()) {
		c.errorf("a note: %+v", all[0])
	}
	first, paging := c.notes(alert.ListAlertNotesRequest{IdentifierValue: id, Limit: 2, Order: alert.Asc})
	want(c, "the first page", fmt.Sprint(told(first)), "[one two]")
	if len(first) == 0 || paging["next"] == "" {
		c.fatalf("there is no next page: %v", paging)
	}
	rest, _ := c.notes(alert.ListAlertNotesRequest{IdentifierValue: id, Limit: 2, Order: alert.Asc, Offset: first[len(first)-1].Offset})
	want(c, "the second page", fmt.Sprint(told(rest)), "[three]")
}

// Tags are added behind those that are there, each once.
func checkAddTags(c *caller) {
	id := c.open(func(r *alert.CreateAlertRequest) { r.Tags = []string{"a"} })
	c.done(c.write.alerts.AddTags(c.ctx, &alert.AddTagsRequest{IdentifierValue: id, Tags: []string{"b", "a", c.name}, User: userName, Note: "sorted"}))
	want(c, "tags", fmt.Sprint(c.alert(id).Tags), fmt.Sprint([]string{"a", "b", c.name}))
	found := must(c.read.alerts.List(c.ctx, &alert.ListAlertRequest{Query: "tag: " + c.name}))(c).Alerts
	want(c, "whether it is found by the tag", len(found) == 1 && found[0].Id == id, true)
	c.logged(id, "Tags added: b, "+c.name, "sorted")
}

// Those tags are removed that are named, in a list with commas.
func checkRemoveTags(c *caller) {
	id := c.open(func(r *alert.CreateAlertRequest) { r.Tags = []string{"a", "b", "c"} })
	c.done(c.write.alerts.RemoveTags(c.ctx, &alert.RemoveTagsRequest{IdentifierValue: id, Tags: "a,c,z", User: userName, Note: "wrong ones"}))
	want(c, "tags", fmt.Sprint(c.alert(id).Tags), "[b]")
	c.logged(id, userName+": Tags removed: a, c", "wrong ones")
}

// Details are added, and get a new value if they are there.
func checkAddDetails(c *caller) {
	id := c.open(func(r *alert.CreateAlertRequest) { r.Details = map[string]string{"floor": "3", "room": "a"} })
	c.done(c.write.alerts.AddDetails(c.ctx, &alert.AddDetailsRequest{IdentifierValue: id, Details: map[string]string{"room": "b", "rack": "9"}, User: userName, Note: "moved"}))
	want(c, "details", fmt.Sprint(c.alert(id).Details), "map[floor:3 rack:9 room:b]")
	c.logged(id, "Details added: ", "moved")
}

// Those details are removed whose keys are named.
func checkRemoveDetails(c *caller) {
	id := c.open(func(r *alert.CreateAlertRequest) {
		r.Details = map[string]string{"floor": "3", "room": "a", "rack": "9"}
	})
	c.done(c.write.alerts.RemoveDetails(c.ctx, &alert.RemoveDetailsRequest{IdentifierValue: id, Keys: "floor,rack,none", User: userName, Note: "not here"}))
	want(c, "details", fmt.Sprint(c.alert(id).Details), "map[room:a]")
	c.logged(id, "Details removed: ", "not here")
}

// The message is another one from now on; duplicates of the alert do not bring the old one back.
func checkMessage(c *caller) {
	alias := c.word()
	id := c.open(func(r *alert.CreateAlertRequest) { r.Alias, r.Message = alias, "before" })
	c.done(c.write.alerts.UpdateMessage(c.ctx, &alert.UpdateMessageRequest{IdentifierType: alert.ALIAS, IdentifierValue: alias, Message: "after"}))
	c.open(func(r *alert.CreateAlertRequest) { r.Alias, r.Message = alias, "before" })
	want(c, "message", c.alert(id).Message, "after")
	c.logged(id, `Message changed from "before" to "after"`)
}

// The description is another one from now on.
func checkDescription(c *caller) {
	id := c.open(func(r *alert.CreateAlertRequest) { r.Description = "before" })
	c.done(c.write.alerts.UpdateDescription(c.ctx, &alert.UpdateDescriptionRequest{IdentifierValue: id, Description: "after"}))
	want(c, "description", c.alert(id).Description, "after")
	c.logged(id, "Description changed")
}

// The priority is another one from now on, in lists as well.
func checkPriority(c *caller) {
	tag := c.word()
	id := c.open(func(r *alert.CreateAlertRequest) { r.Tags, r.Priority = []string{tag}, alert.P4 })
	c.done(c.write.alerts.UpdatePriority(c.ctx, &alert.UpdatePriorityRequest{IdentifierValue: id, Priority: alert.P2}))
	want(c, "priority", c.alert(id).Priority, alert.P2)
	found := must(c.read.alerts.List(c.ctx, &alert.ListAlertRequest{Query: "priority: P2 AND tag: " + tag}))(c).Alerts
	want(c, "whether it is found by it", slices.ContainsFunc(found, func(a alert.Alert) bool { return a.Id == id }), true)
	c.logged(id, "Priority changed from P4 to P2")
}
