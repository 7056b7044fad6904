package intake

import (
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func scalyr() *Format {
	return &Format{
		Path: "scalyr", Type: "Scalyr", Label: "Scalyr", Seen: scripts + "scalyr/alertAddress.txt",
		Fields: []Field{
			{"action", "create or close"}, {"id", "the alert"}, {"title", "its title"}, {"description", "its description"}, {"trigger", "what raised it"}, {"link", "its link"},
		},
		Actions: byAction(),
		Example: `{"action":"create","trigger":"count:1m(error) > 10","description":"Too many errors","title":"Errors in the shop","link":"https://logs.example.vn/alert/7","id":"7"}`,
		Over:    `{"action":"close","trigger":"count:1m(error) > 10","description":"Too many errors","title":"Errors in the shop","link":"https://logs.example.vn/alert/7","id":"7"}`,
		say: func(f fields) said {
			return said{event: f.first("action"), draft: alert.Draft{
				Message: f.first("title", "description", "trigger"), Alias: aliasOf("scalyr", f.first("id", "title", "trigger")), Description: joined("\n", f.first("description"), f.first("trigger"), f.first("link")),
				Details: f.some("trigger", "link"),
			}}
		},
	}
}

// byAction are the actions of a tool that says in the field action what is to be done.
func byAction() []route.Action {
	return actions(
		do(route.Create, "Create alert", is("action", "create")),
		do(route.Close, "Close alert", is("action", "close")),
		do(route.Acknowledge, "Acknowledge alert", is("action", "acknowledge")),
		do(route.AddNote, "Add note", is("action", "add_?note|add_?recipient|add_?team")),
	)
}
