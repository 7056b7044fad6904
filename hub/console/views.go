package console

import (
	"fmt"
	"html/template"
	"net/http"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/state"
	"keng/raftstore/table"
)

// listMax is how many alerts the first page shows.
const listMax = 50

// linesMax is how many lines of a log, and how many pages, one alert's page shows.
const linesMax = 500

// listView is the newest alerts.
type listView struct {
	teller
	Now    time.Time
	Alerts []listed
}

// listed is an alert of a list.
type listed struct {
	*alert.Alert
	Label label
}

// list shows the newest alerts.
func (c *Console) list(w http.ResponseWriter, r *http.Request) {
	var view listView
	ok := c.read(w, r, func(tx table.Reader) error {
		view = listView{teller: c.teller(tx, languageOf(r)), Now: time.Now()}
		for a := range state.Alerts.FindReverse(tx, table.K()) {
			if view.Alerts = append(view.Alerts, listed{a, labelOf(tx, a)}); len(view.Alerts) == listMax {
				break
			}
		}
		return nil
	})
	if ok {
		c.show(w, r, http.StatusOK, "list", view)
	}
}

// alertView is an alert with its story.
type alertView struct {
	teller
	*alert.Alert
	Label label
	Rests *explain.Decision // why nothing further happens by itself; nil: something does, or need not
	Log   []state.Entry
	Pages []pageView
}

type pageView struct {
	state.Delivery
	Username string
}

// alert shows one alert with its pages and its log.
func (c *Console) alert(w http.ResponseWriter, r *http.Request) {
	var view alertView
	ok := c.read(w, r, func(tx table.Reader) error {
		row, ok := state.FindAlert(tx, state.Ref{ID: core.AlertID(r.PathValue("id"))})
		if !ok {
			return core.Missing("alert", r.PathValue("id"))
		}
		view = alertView{teller: c.teller(tx, languageOf(r)), Alert: row, Label: labelOf(tx, row), Rests: whyResting(tx, row)}
		for e := range state.LogOf(tx, row.ID) {
			if view.Log = append(view.Log, e); len(view.Log) == linesMax {
				break
			}
		}
		deliveries := state.DeliveriesOf(tx, row.ID)
		for _, d := range deliveries[:min(len(deliveries), linesMax)] {
			username := string(d.User)
			if u, ok := state.Users.Get(tx, table.K().String(username)); ok {
				username = u.Username
			}
			view.Pages = append(view.Pages, pageView{d, username})
		}
		return nil
	})
	if ok {
		c.show(w, r, http.StatusOK, "alert", view)
	}
}

// functions are what the templates call.
func functions() template.FuncMap {
	return template.FuncMap{
		"exact": func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"mood": func(a *alert.Alert) string {
			switch {
			case a.Status == alert.Closed:
				return "closed"
			case a.Acknowledged:
				return "acknowledged"
			case a.Snoozed():
				return "snoozed"
			}
			return "open"
		},
		// word gives the word of a page for something, or the thing itself.
		"word": func(words map[string]string, key any) string {
			s := fmt.Sprint(key)
			if w, ok := words[s]; ok {
				return w
			}
			return s
		},
	}
}
