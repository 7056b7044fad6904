package api

import (
	"fmt"
	"net/http"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
)

// Monitoring tools send alerts by Opsgenie's API and try nothing else when one is refused: who
// would read why is asleep. Refusing theirs because a text is too long loses the alarm, so it is
// cut, as it is for an integration.

// unread reports whether nobody reads it when a request is refused. Tools are known by how they
// name themselves, or by the source that they always give: Alertmanager is configured to say a
// source of its own, and Zabbix has no User-Agent.
func unread(h http.Header, source string) bool {
	agent, _, _ := strings.Cut(h.Get("User-Agent"), "/")
	switch agent {
	case "Alertmanager", "Grafana", "Zabbix":
		return true
	}
	return source == "Grafana" || source == "Zabbix"
}

// fit makes of what a tool sent an alert within the limits, and has its log say what was wrong.
// What is left for [alert.Draft.Check] to refuse is a message that is empty and an alias that is
// too long. priority is what the tool said of it; the draft has P3 where that means nothing.
func fit(d *alert.Draft, priority string) {
	var said []string
	if cut := d.Fit(); len(cut) > 0 {
		said = append(said, "What was sent is longer than an alert may be, and was cut: "+strings.Join(cut, ", ")+".")
	}
	if _, err := core.ParsePriority(priority); err != nil {
		said = append(said, fmt.Sprintf("The priority that was sent, %q, is none of P1 to P5: it is taken for P3.", alert.Cut(priority, wordMax)))
	}
	if len(said) == 0 {
		return
	}
	if d.Note != "" {
		said = append(said, d.Note)
	}
	d.Note = alert.Cut(strings.Join(said, "\n"), alert.NoteMax)
}

// wordMax bounds what is quoted of a word that is not known, in code points.
const wordMax = 50

// bare reports whether an object is there and has no key at all.
func (o object) bare() bool { return o.fields != nil && len(o.fields) == 0 }
