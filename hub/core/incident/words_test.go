package incident_test

import (
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/incident"
)

// Every line that the log can have, as a person reads it. Rule keng-4.incident.words.
func TestTheWordsOfEveryLine(t *testing.T) {
	for _, x := range []struct {
		what         incident.What
		of           []string
		name, en, vi string
	}{
		{incident.DidCreate, nil, "Create", "Incident created", "Đã tạo sự cố"},
		{incident.DidResolve, nil, "Resolve", "Incident resolved", "Đã khắc phục sự cố"},
		{incident.DidReopen, nil, "Reopen", "Incident reopened", "Đã mở lại sự cố"},
		{incident.DidClose, nil, "Close", "Incident closed", "Đã đóng sự cố"},
		{incident.DidDelete, nil, "Delete", "Incident deleted", "Đã xóa sự cố"},
		{incident.DidSee, nil, "Seen", "Incident seen", "Đã xem sự cố"},
		{incident.DidAddResponders, []string{"an", "it"}, "AddResponder", "Responders added: an, it", "Đã thêm người xử lý: an, it"},
		{incident.DidAddNote, nil, "AddNote", "Note", "Ghi chú"},
		{incident.DidAddTags, []string{"a", "b"}, "AddTags", "Tags added: a, b", "Đã thêm nhãn: a, b"},
		{incident.DidRemoveTags, []string{"a", "b"}, "RemoveTags", "Tags removed: a, b", "Đã bỏ nhãn: a, b"},
		{incident.DidAddDetails, []string{"k"}, "AddDetails", "Details added: k", "Đã thêm chi tiết: k"},
		{incident.DidRemoveDetails, []string{"k"}, "RemoveDetails", "Details removed: k", "Đã bỏ chi tiết: k"},
		{incident.DidUpdatePriority, []string{"P3", "P1"}, "UpdatePriority", "Priority changed from P3 to P1", "Đã đổi mức ưu tiên từ P3 thành P1"},
		{incident.DidUpdateMessage, []string{"cũ", "mới"}, "UpdateMessage", `Message changed from "cũ" to "mới"`, `Đã đổi nội dung từ "cũ" thành "mới"`},
		{incident.DidUpdateDescription, nil, "UpdateDescription", "Description changed", "Đã đổi phần mô tả"},
		{incident.DidCall, []string{"#5", "bình"}, "CreateResponderAlert", "Alert #5 opened for bình", "Đã mở cảnh báo #5 cho bình"},
		{incident.DidCallNobody, nil, "CallNobody", "Nobody is called: the incident names no responder", "Không gọi ai: sự cố không nêu người xử lý nào"},
		{incident.DidAnswer, []string{"#5", "bình"}, "AcknowledgeResponderAlert", "Alert #5 for bình acknowledged", "Cảnh báo #5 cho bình đã được xác nhận"},
		{incident.DidUnanswer, []string{"#5", "bình"}, "UnAcknowledgeResponderAlert", "Alert #5 for bình is acknowledged no more", "Cảnh báo #5 cho bình không còn được xác nhận"},
		{incident.DidEnd, []string{"#5", "bình"}, "CloseResponderAlert", "Alert #5 for bình closed", "Cảnh báo #5 cho bình đã được đóng"},
		{incident.DidLose, []string{"#5", "bình"}, "DeleteResponderAlert", "Alert #5 for bình deleted", "Cảnh báo #5 cho bình đã bị xóa"},
	} {
		e := incident.Entry{What: x.what, Of: x.of, By: "an", At: now}
		if x.what.String() != x.name || e.Text() != x.en || e.TextVi() != x.vi {
			t.Errorf("%d is %q: %q, %q; want %q: %q, %q", x.what, x.what, e.Text(), e.TextVi(), x.name, x.en, x.vi)
		}
		if e.Note = "đã gọi 100%"; e.Text() != x.en+": đã gọi 100%" || e.TextVi() != x.vi+": đã gọi 100%" {
			t.Errorf("with a note: %q, %q", e.Text(), e.TextVi())
		}
		if e.Why = alert.SnoozeOver; e.Text() != x.en+": its time is over: đã gọi 100%" || e.TextVi() != x.vi+": đã đến giờ hẹn: đã gọi 100%" {
			t.Errorf("with a cause: %q, %q", e.Text(), e.TextVi())
		}
	}
	for _, w := range []incident.What{0, incident.DidLose + 1, 255} {
		if w.String() != "" || (incident.Entry{What: w}).Text() != "" || (incident.Entry{What: w}).TextVi() != "" {
			t.Errorf("%d cannot happen and has words", w)
		}
	}
}

// A line of an earlier or a later version may have what does not fit its sentence.
func TestOddLinesAreTold(t *testing.T) {
	for _, e := range []incident.Entry{
		{What: incident.DidUpdatePriority, Of: []string{"P1"}}, {What: incident.DidAddTags}, {What: incident.DidCall}, {What: incident.DidAnswer, Of: []string{"#1", "an", "more"}},
		{What: incident.DidUpdateMessage, Of: []string{"100%s", "%d"}}, {What: incident.DidAddTags, Of: []string{"%s"}},
	} {
		if text := e.Text() + e.TextVi(); strings.Contains(text, "MISSING") || strings.Contains(text, "EXTRA") || strings.Contains(text, "%!") {
			t.Errorf("%q", text)
		}
	}
}

// The line that each move writes, with what it was done with.
func TestTheLineOfEveryMove(t *testing.T) {
	call := incident.Call{Responder: user("an"), Alert: "a1"}
	for want, do := range map[string]func(*incident.Incident) incident.Outcome{
		"Incident resolved": func(i *incident.Incident) incident.Outcome { return i.Resolve(by("an")) },
		"Incident closed":   func(i *incident.Incident) incident.Outcome { return i.Close(by("an")) },
		"Incident deleted":  func(i *incident.Incident) incident.Outcome { return i.Delete(by("an")) },
		"Incident seen":     func(i *incident.Incident) incident.Outcome { return i.See(by("an")) },
		"Incident reopened": func(i *incident.Incident) incident.Outcome { i.Resolve(by("an")); return i.Reopen(by("an")) },
		"Responders added: called x, called y": func(i *incident.Incident) incident.Outcome {
			return i.AddResponders(by("an"), []alert.Responder{user("x"), user("an"), user("y"), user("x")}, nameOf)
		},
		"Tags added: a, b": func(i *incident.Incident) incident.Outcome { return i.AddTags(by("an"), []string{"a", "t", "b"}) },
		"Tags removed: t":  func(i *incident.Incident) incident.Outcome { return i.RemoveTags(by("an"), []string{"t", "a"}) },
		"Details added: a": func(i *incident.Incident) incident.Outcome {
			return i.AddDetails(by("an"), map[string]string{"a": "1", "k": "v"})
		},
		"Details removed: k":              func(i *incident.Incident) incident.Outcome { return i.RemoveDetails(by("an"), []string{"k", "a"}) },
		"Priority changed from P3 to P2":  func(i *incident.Incident) incident.Outcome { return i.SetPriority(by("an"), core.P2) },
		`Message changed from "m" to "n"`: func(i *incident.Incident) incident.Outcome { return i.SetMessage(by("an"), "n") },
		"Description changed":             func(i *incident.Incident) incident.Outcome { return i.SetDescription(by("an"), "n") },
		"Alert #5 opened for An":          func(i *incident.Incident) incident.Outcome { return i.Call(by("an"), call, "#5", "An") },
		"Alert #5 for An is acknowledged no more: its time is over": func(i *incident.Incident) incident.Outcome {
			i.Call(by("an"), call, "#5", "An")
			return i.Hear(by("an"), incident.DidUnanswer, alert.SnoozeOver, "a1", "#5", "An")
		},
		"Nobody is called: the incident names no responder": func(i *incident.Incident) incident.Outcome { return i.CallNobody(by("an")) },
	} {
		i := fresh()
		o := do(i)
		if o.Entry.Text() != want || o.Entry.By != "an" || !o.Entry.At.Equal(now.Add(hour)) || !o.Moved() || !i.UpdatedAt.Equal(now.Add(hour)) && o.Entry.What != incident.DidSee {
			t.Errorf("writes %+v: %q, want %q", o, o.Entry.Text(), want)
		}
	}
}

// Words of answers that clients read: none that Zabbix would take for an alert's.
func TestReasonsSpeakOfIncidents(t *testing.T) {
	for _, r := range []incident.Reason{
		incident.HasCreated, incident.HasResolved, incident.HasReopened, incident.HasClosed, incident.HasDeleted, incident.HasResponders, incident.HasNote, incident.HasTags,
		incident.HasLessTags, incident.HasDetails, incident.HasLessDetails, incident.HasPriority, incident.HasMessage, incident.HasDescription, incident.HasBeenSeen,
		incident.NoSuchIncident, incident.AlreadyOpen, incident.AlreadyResolved, incident.AlreadyClosed,
	} {
		if !strings.Contains(strings.ToLower(string(r)), "incident") || strings.Contains(string(r), "Alert") {
			t.Errorf("%q", r)
		}
	}
	for r, word := range map[incident.Reason]string{
		incident.NothingNamed: "named", incident.NoSuchPriority: "P1, P2, P3, P4 or P5", incident.NoMessage: "message", incident.TooManyDetails: "8000", incident.TooManyTags: "20",
		incident.TooManyResponders: "50", incident.NoSuchAlert: "no such responder alert",
	} {
		if !strings.Contains(string(r), word) {
			t.Errorf("%q does not say %q", r, word)
		}
	}
}
