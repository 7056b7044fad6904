package query_test

import (
	"fmt"

	"keng/hub/core/query"
)

// incident is a subject with a few fields.
type incident struct {
	message, status string
	createdAt       int64
}

func (i incident) Texts(field string, values []string) []string {
	switch field {
	case "message":
		values = append(values, i.message)
	case "status":
		values = append(values, i.status)
	}
	return values
}

func (i incident) Number(field string) (int64, bool) { return i.createdAt, field == "createdAt" }

func ExampleParse() {
	q, err := query.Parse(`"su co" status:open`, query.Alerts(), query.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(q)
	fmt.Println(q.Match(incident{message: "Sự cố mạng", status: "open"}))
	fmt.Println(q.Match(incident{message: "Sự cố mạng", status: "closed"}))
	// Output:
	// "su co" AND status: open
	// true
	// false
}

func ExampleParse_error() {
	_, err := query.Parse("status: open AND prioriti: P1", query.Alerts(), query.Options{})
	fmt.Println(err)
	// Output:
	// at character 18, "prioriti": there is no such field; did you mean "priority"?
}

func ExamplePlanner_Plan() {
	planner := query.NewPlanner(query.Alerts(), 1_000_000,
		query.Index{Name: "created", Columns: []query.Column{{Field: "createdAt"}}},
		query.Index{Name: "tag", Columns: []query.Column{{Field: "tag", Rows: 2000}, {Field: "createdAt"}}},
	)
	q, err := query.Parse("tag: disk AND status: open", planner.Vocabulary(), query.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	plan := planner.Plan(q, query.Order{Field: "createdAt", Descending: true})
	fmt.Print(plan.Explain())
	// Output:
	// read index tag: tag = disk, backwards
	// about 2000 rows
	// check status: open
}
