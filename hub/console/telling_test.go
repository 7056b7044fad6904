package console_test

import (
	"html"
	"strings"
	"testing"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/core/reach"
	"keng/hub/state"
	"keng/proto/channel"
	"keng/raftstore/table"
)

// create makes an alert.
func (b *browser) create(n byte, d alert.Draft) *alert.Alert {
	b.t.Helper()
	r := must(state.Do(b.t.Context(), b.store, core.Seed{n}, state.CreateAlert{Draft: d}))
	a, _ := state.Alerts.Get(b.store.tx, table.K().String(string(r.Alert)))
	return a
}

// page returns a page that is there, as it is read.
func (b *browser) page(path, language string) string {
	b.t.Helper()
	status, _, text := b.get(path, language)
	if status != 200 {
		b.t.Fatalf("%s: HTTP %d", path, status)
	}
	return html.UnescapeString(text)
}

// Everything that can be decided, and a page with all that can become of it, is told in the
// language of who reads it, and in no other.
func TestNothingIsToldInTheWrongLanguage(t *testing.T) {
	b := newBrowser(t)
	b.signIn("test-read")
	a := b.create(3, alert.Draft{Message: "!"})
	at := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	here := at.In(must(time.LoadLocation("Asia/Ho_Chi_Minh")))
	var english, vietnamese []string
	told := func(en, vi string) { english, vietnamese = append(english, en), append(vietnamese, vi) }
	why := explain.Reason{TeamName: "Mạng", EscalationName: "Đêm", Step: 3, ScheduleName: "Trực", Assigned: "lan"}
	for i, k := range explain.Kinds() {
		d := explain.Decision{
			Kind: k, Name: "bích", By: "voice", At: at, For: 30 * time.Second, Count: 2, Of: []string{"một", "hai"},
			Fate: &explain.Fate{Stage: "failed", Failure: "busy", Detail: "486"}, Why: &why,
		}
		must(0, state.Log.Insert(b.store.tx, &state.Entry{Alert: a.ID, Number: uint64(1000 + i), At: at, Type: state.SystemEntry, Owner: state.System, Text: d.Text(), Decision: &d}))
		d.At = here
		if !strings.Contains(d.TextVi(), d.Text()) { // else it has no words of its own
			told(d.Text(), d.TextVi())
		}
		if k == explain.RestsHeldBack {
			a.Resting = d.Cause()
			told(d.Cause(), d.CauseVi())
		}
	}
	must(0, state.Alerts.Put(b.store.tx, a))
	fate := explain.Fate{Stage: "failed", Failure: "no-reply", Reply: "next-person", Detail: "no gateway that is connected serves push"}
	must(0, state.Deliveries.Insert(b.store.tx, &state.Delivery{
		ID: "d", Alert: a.ID, User: "u", Kind: "push", Why: why, CreatedAt: at,
		Trace: []state.Trace{{At: at, Stage: channel.Failed, Failure: "no-reply", Reply: "next-person", Detail: fate.Detail}},
	}))
	told("made the owner by lan", "được lan giao phụ trách")
	told("no gateway that is connected serves push", "không có gateway nào đang kết nối gửi được thông báo đẩy")
	told("(no-reply), next-person", "(nhấc máy nhưng không bấm số), người nhận đã chuyển cho người tiếp theo")
	told("Alert created", "Đã tạo cảnh báo")
	for i, e := range []alert.Entry{{What: alert.DidSnooze, Of: []string{"2026-11-26T07:00:00Z"}}, {What: alert.DidAcknowledge, Note: "by voice"}} {
		line := state.Entry{Alert: a.ID, Number: uint64(2000 + i), At: at, Owner: "lan", Text: e.Text(), What: e.What, Of: e.Of}
		line.NoteAt = len(line.Text) - len(e.Note)
		must(0, state.Log.Insert(b.store.tx, &line))
	}
	must(0, state.Log.Insert(b.store.tx, &state.Entry{Alert: a.ID, Number: 3000, At: at, Text: "Của phiên bản sau", Decision: &explain.Decision{Kind: 999}}))
	told("snoozed until 26/11 14:00:00", "tạm hoãn cảnh báo đến 26/11 14:00:00")
	told("Alert acknowledged: by voice", "Đã xác nhận cảnh báo: qua cuộc gọi")
	for language, x := range map[string]struct{ is, isNot []string }{"vi": {vietnamese, english}, "en": {english, vietnamese}} {
		text := b.page("/alerts/"+string(a.ID), language)
		for i := range x.is {
			if !strings.Contains(text, x.is[i]) {
				t.Errorf("%s: the page does not say %q", language, x.is[i])
			}
			if strings.Contains(text, x.isNot[i]) {
				t.Errorf("%s: the page says %q", language, x.isNot[i])
			}
		}
	}
}

// An alert of which nobody is told can be told from others at a glance.
func TestAlertsOfWhichNobodyIsTold(t *testing.T) {
	b := newBrowser(t)
	b.signIn("test-read")
	person := func(n byte, name string) []alert.Responder {
		u := must(state.Do(t.Context(), b.store, core.Seed{2, n}, state.PutUser{User: reach.User{Username: name, Language: "vi", Zone: "Asia/Ho_Chi_Minh",
			Contacts: []reach.Contact{{Kind: "voice", Address: "+84900000000"}}}}))
		return []alert.Responder{{Kind: alert.User, ID: string(u.ID)}}
	}
	b.create(3, alert.Draft{Message: "being told", Responders: person(1, "an")})
	silent := b.create(4, alert.Draft{Message: "untold"})
	ended := b.create(5, alert.Draft{Message: "told to the end", Responders: person(2, "lan")})
	ended.Resting = explain.Decision{Kind: explain.RestsDone}.Cause()
	must(0, state.Alerts.Put(b.store.tx, ended))
	failed := b.create(8, alert.Draft{Message: "not reached", Responders: person(3, "minh")})
	failed.Resting = ended.Resting
	must(0, state.Alerts.Put(b.store.tx, failed))
	for id, stage := range map[core.AlertID]channel.Stage{ended.ID: channel.Done, failed.ID: channel.Failed} {
		page := state.DeliveriesOf(b.store.tx, id)[0]
		page.Trace = append(page.Trace, state.Trace{At: page.CreatedAt, Stage: stage})
		must(0, state.Deliveries.Put(b.store.tx, &page))
	}
	quiet := b.create(6, alert.Draft{Message: "acknowledged"})
	quiet.Acknowledged = true
	must(0, state.Alerts.Put(b.store.tx, quiet))
	child := b.create(7, alert.Draft{Message: "in an untold group"})
	child.Parent, child.Resting = silent.ID, "it is under #2: see there"
	must(0, state.Alerts.Put(b.store.tx, child))

	for language, want := range map[string]map[string]string{
		"vi": {"untold": "không ai được báo", "told to the end": "không báo thêm ai", "in an untold group": "không ai được báo", "not reached": "không ai được báo"},
		"en": {"untold": "nobody is told", "told to the end": "nobody further is told", "in an untold group": "nobody is told", "not reached": "nobody is told"},
	} {
		for _, row := range strings.Split(b.page("/", language), "<li ")[1:] {
			_, row, _ = strings.Cut(row, `<a href="`)
			path, row, _ := strings.Cut(row, `">`)
			message, row, _ := strings.Cut(row, "</a>")
			_, label, _ := strings.Cut(row, `<strong class="label">`)
			label, _, _ = strings.Cut(label, "</strong>")
			if label != want[message] {
				t.Errorf("%s: %s is labelled %q, want %q", language, message, label, want[message])
			}
			if text := b.page(path, language); label != "" && !strings.Contains(text, ">"+label+"<") || label == "" && strings.Contains(text, `"label"`) {
				t.Errorf("%s: the page of %q does not have the label %q alone", language, message, label)
			}
		}
	}
}

// Times are in the cluster's zone, which is named, not in that of the machine.
func TestTimesAreInTheClustersZone(t *testing.T) {
	b := newBrowser(t)
	b.signIn("test-read")
	a := b.create(3, alert.Draft{Message: "!"})
	for _, x := range []struct{ founded, zone, clock string }{{"vi", "UTC+07:00 (Asia/Ho_Chi_Minh)", "25/11 21:03:05"}, {"en", "UTC", "25/11 14:03:05"}} {
		row, _ := state.GetCluster(b.store.tx)
		row.Language = x.founded
		must(0, state.Clusters.Put(b.store.tx, row))
		for path, name := range map[string]string{"/": "Times in " + x.zone + "<", "/alerts/" + string(a.ID): ">" + x.zone + "<"} {
			text := b.page(path, "en")
			if strings.Count(text, name) != 1 || !strings.Contains(text, x.clock) {
				t.Errorf("%s of a cluster founded in %q does not say %q once and %s:\n%s", path, x.founded, name, x.clock, text)
			}
		}
	}
}
