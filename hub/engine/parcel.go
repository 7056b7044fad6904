package engine

import (
	"fmt"
	"strings"
	"time"

	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/proto/channel"
)

// parcel is a page with the alerts that it is about: at least one, the gravest first; none if it is
// a notice.
type parcel struct {
	delivery state.Delivery
	alerts   []*alert.Alert
	zone     *time.Location // of a notice: in which it tells times
}

// page writes the page as its alerts are now. One that speaks of several names the
// gravest, but has no number: no single one is meant.
func (p *parcel) page(term uint64, now time.Time) channel.Page {
	d := &p.delivery
	page := channel.Page{
		ID: string(d.ID), Term: term, SendBy: d.SendBy, Kind: d.Kind, Address: d.Address, Language: channel.Language(d.Language), Repeat: d.Attempted(),
	}
	if d.Notice != nil {
		page.Title, page.Body = noticeWords(d.Notice, page.Language, p.zone, now)
		page.Code = d.Notice.Code
	} else {
		a := p.alerts[0]
		page.Priority, page.AlertID, page.TinyID, page.Sequence = a.Priority.String(), string(a.ID), fmt.Sprint(a.Tiny), a.Sequence
		page.Title, page.Body = a.Message, body(a, page.Language)
	}
	if len(p.alerts) > 1 {
		p.summarize(&page)
	}
	if late := now.Sub(d.DueAt()); late >= lateAfter {
		page.LateBy = late
	}
	return page
}

// linesMax is how many alerts the body of a page lists that speaks of more.
const linesMax = 5

// summarize has a page speak of all its alerts: how many there are and how grave they are,
// and the first few of them (P8).
func (p *parcel) summarize(page *channel.Page) {
	n, gravest := len(p.alerts), p.alerts[0].Priority
	same := 0
	for _, a := range p.alerts {
		page.Sequence = max(page.Sequence, a.Sequence)
		if a.Priority == gravest {
			same++
		}
	}
	title, all, more := "%d alerts, %d of them %s", "%d alerts, all %s", "and %d more"
	if page.Language == channel.Vietnamese {
		title, all, more = "%d cảnh báo, %d trong đó là %s", "%d cảnh báo, đều là %s", "và %d cảnh báo khác"
	}
	page.Alerts, page.TinyID = n, ""
	page.Title = fmt.Sprintf(title, n, same, gravest)
	if same == n {
		page.Title = fmt.Sprintf(all, n, gravest)
	}
	var lines []string
	for _, a := range p.alerts[:min(n, linesMax)] {
		lines = append(lines, fmt.Sprintf("%s #%d %s", a.Priority, a.Tiny, a.Message))
	}
	if n > linesMax {
		lines = append(lines, fmt.Sprintf(more, n-linesMax))
	}
	page.Body = strings.Join(lines, "\n")
}

// body says what a person needs to know beside the title, a line for each fact.
func body(a *alert.Alert, language channel.Language) string {
	words := map[string]string{"entity": "About", "source": "From", "count": "Times", "under": "Open under it: %d, newest #%d %s"}
	if language == channel.Vietnamese {
		words = map[string]string{"entity": "Đối tượng", "source": "Nguồn", "count": "Số lần", "under": "Đang mở trong nhóm: %d, mới nhất #%d %s"}
	}
	var lines []string
	if a.Lead != nil {
		lines = append(lines, fmt.Sprintf(words["under"], a.Lead.Open, a.Lead.Newest, a.Lead.About))
	}
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
