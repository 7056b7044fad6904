package engine

import (
	"fmt"
	"strings"
	"time"

	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/proto/channel"
)

// parcel is a page with the alert that it is about.
type parcel struct {
	delivery state.Delivery
	alert    *alert.Alert
}

// page writes the page as the alert is now.
func (p *parcel) page(term uint64, now time.Time) channel.Page {
	d, a := &p.delivery, p.alert
	page := channel.Page{
		ID: string(d.ID), Term: term, SendBy: d.SendBy, Kind: d.Kind, Address: d.Address, Language: channel.Language(d.Language),
		Priority: a.Priority.String(), AlertID: string(a.ID), TinyID: fmt.Sprint(a.Tiny), Sequence: a.Sequence,
		Title: a.Message, Body: body(a, channel.Language(d.Language)), Repeat: d.Attempted(),
	}
	if late := now.Sub(d.DueAt()); late >= lateAfter && !lateUnsaid() {
		page.LateBy = late
	}
	return page
}

// body says what a person needs to know beside the title, a line for each fact.
func body(a *alert.Alert, language channel.Language) string {
	words := map[string]string{"entity": "About", "source": "From", "count": "Times"}
	if language == channel.Vietnamese {
		words = map[string]string{"entity": "Đối tượng", "source": "Nguồn", "count": "Số lần"}
	}
	var lines []string
	if a.Description != "" && a.Description != a.Message {
		lines = append(lines, a.Description)
	}
	if a.Entity != "" {
		lines = append(lines, words["entity"]+": "+a.Entity)
	}
	if a.Source != "" {
		lines = append(lines, words["source"]+": "+a.Source)
	}
	if a.Count > 1 {
		lines = append(lines, fmt.Sprintf("%s: %d", words["count"], a.Count))
	}
	return strings.Join(lines, "\n")
}

// failure reports that the page was not handed over.
func (p *parcel) failure(why channel.Failure, detail string, now time.Time) channel.Report {
	return channel.Report{Page: string(p.delivery.ID), At: now, Stage: channel.Failed, Failure: why, Detail: detail}
}
