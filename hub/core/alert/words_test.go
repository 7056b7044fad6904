package alert_test

import (
	"testing"

	"keng/hub/core/alert"
)

// Every line that the activity log can have, as a person reads it. Rule ogapi-10.log.actions.
func TestTheWordsOfEveryLine(t *testing.T) {
	for _, x := range []struct {
		what         alert.What
		of           []string
		name, en, vi string
	}{
		{alert.DidCreate, nil, "Create", "Alert created", "Đã tạo cảnh báo"},
		{alert.DidRecur, nil, "Recur", "Alert occurred again", "Cảnh báo lại xảy ra"},
		{alert.DidAcknowledge, nil, "Acknowledge", "Alert acknowledged", "Đã xác nhận cảnh báo"},
		{alert.DidUnacknowledge, nil, "UnAcknowledge", "Acknowledgement taken back", "Đã rút lại xác nhận"},
		{alert.DidSnooze, []string{"07:00"}, "Snooze", "Alert snoozed until 07:00", "Đã tạm hoãn cảnh báo đến 07:00"},
		{alert.DidEndSnooze, nil, "SnoozeEnded", "Snooze ended", "Đã hết thời gian tạm hoãn"},
		{alert.DidAssign, []string{"bình"}, "AssignOwnership", "Alert assigned to bình", "Đã giao cảnh báo cho bình"},
		{alert.DidTakeOwnership, nil, "TakeOwnership", "Ownership taken, alert acknowledged", "Đã nhận xử lý và xác nhận cảnh báo"},
		{alert.DidEscalate, []string{"Ban đêm"}, "Escalate", "Alert escalated to Ban đêm", "Đã leo thang cảnh báo tới Ban đêm"},
		{alert.DidEscalateToNext, nil, "EscalateToNext", "Alert escalated to the next step", "Đã leo thang cảnh báo tới bước tiếp theo"},
		{alert.DidAddResponder, []string{"an"}, "AddResponder", "Responder added: an", "Đã thêm người xử lý: an"},
		{alert.DidAddTeam, []string{"Mạng"}, "AddTeam", "Team added: Mạng", "Đã thêm nhóm: Mạng"},
		{alert.DidAddNote, nil, "AddNote", "Note", "Ghi chú"},
		{alert.DidAddTags, []string{"a", "b"}, "AddTags", "Tags added: a, b", "Đã thêm nhãn: a, b"},
		{alert.DidRemoveTags, []string{"a", "b"}, "RemoveTags", "Tags removed: a, b", "Đã bỏ nhãn: a, b"},
		{alert.DidAddDetails, []string{"k"}, "AddDetails", "Details added: k", "Đã thêm chi tiết: k"},
		{alert.DidRemoveDetails, []string{"k"}, "RemoveDetails", "Details removed: k", "Đã bỏ chi tiết: k"},
		{alert.DidRunAction, []string{"restart"}, "Action", "Action executed: restart", "Đã thực hiện thao tác: restart"},
		{alert.DidUpdatePriority, []string{"P3", "P1"}, "UpdatePriority", "Priority changed from P3 to P1", "Đã đổi mức ưu tiên từ P3 thành P1"},
		{alert.DidUpdateMessage, []string{"cũ", "mới"}, "UpdateMessage", `Message changed from "cũ" to "mới"`, `Đã đổi nội dung từ "cũ" thành "mới"`},
		{alert.DidUpdateDescription, nil, "UpdateDescription", "Description changed", "Đã đổi phần mô tả"},
		{alert.DidClose, nil, "Close", "Alert closed", "Đã đóng cảnh báo"},
		{alert.DidAskToClose, []string{"lan"}, "Close", "Alert is to be closed: lan is asked whether the trouble is over", "Sắp đóng cảnh báo: đang hỏi lan xem sự cố đã hết chưa"},
		{alert.DidReopen, nil, "Reopen", "Alert is open again", "Cảnh báo được mở lại"},
		{alert.DidSee, nil, "Seen", "Alert seen", "Đã xem cảnh báo"},
		{alert.DidDelete, nil, "Delete", "Alert deleted", "Đã xóa cảnh báo"},
		{alert.DidAddAttachment, []string{"a.png"}, "AddAttachment", "File attached: a.png", "Đã đính kèm tệp: a.png"},
		{alert.DidDeleteAttachment, []string{"a.png"}, "DeleteAttachment", "Attached file deleted: a.png", "Đã xóa tệp đính kèm: a.png"},
	} {
		e := alert.Entry{What: x.what, Of: x.of, By: "an", At: now}
		if x.what.String() != x.name || e.Text() != x.en || e.TextVi() != x.vi {
			t.Errorf("%d is %q: %q, %q; want %q: %q, %q", x.what, x.what, e.Text(), e.TextVi(), x.name, x.en, x.vi)
		}
		if e.Note = "đã gọi 100%"; e.Text() != x.en+": đã gọi 100%" || e.TextVi() != x.vi+": đã gọi 100%" {
			t.Errorf("with a note: %q, %q", e.Text(), e.TextVi())
		}
	}
}

// A cause stands between what happened and the note.
func TestTheWordsOfEveryCause(t *testing.T) {
	for why, want := range map[alert.Why][2]string{
		alert.AsAsked:      {"Alert is open again: n", "Cảnh báo được mở lại: n"},
		alert.SnoozeOver:   {"Alert is open again: its time is over: n", "Cảnh báo được mở lại: đã đến giờ hẹn: n"},
		alert.Confirmed:    {"Alert is open again: the reporter has confirmed that the trouble is over: n", "Cảnh báo được mở lại: người báo đã xác nhận sự cố đã hết: n"},
		alert.Uncontested:  {"Alert is open again: the reporter has not contradicted in time: n", "Cảnh báo được mở lại: người báo không phản đối trong thời hạn: n"},
		alert.Contradicted: {"Alert is open again: the trouble is not over: n", "Cảnh báo được mở lại: sự cố chưa hết: n"},
		alert.OccurredAnew: {"Alert is open again: it has occurred again: n", "Cảnh báo được mở lại: sự cố lại xảy ra: n"},
	} {
		e := alert.Entry{What: alert.DidReopen, Why: why, Note: "n"}
		if got := [2]string{e.Text(), e.TextVi()}; got != want {
			t.Errorf("%d: %q, want %q", why, got, want)
		}
	}
}

// The line that each move writes, with what it was done with.
func TestTheLineOfEveryMove(t *testing.T) {
	for name, want := range map[string]string{
		"recur": "Alert occurred again", "ack": "Alert acknowledged", "snooze": "Alert snoozed until 2026-11-25T17:00:00Z", "take": "Ownership taken, alert acknowledged",
		"assign": "Alert assigned to chi", "escalate": "Alert escalated to E", "next": "Alert escalated to the next step", "responder": "Responder added: U",
		"team": "Team added: Other", "note": "Note: n", "tags": "Tags added: new", "untag": "Tags removed: t", "details": "Details added: k", "undetail": "Details removed: k",
		"action": "Action executed: restart", "graver": "Priority changed from P3 to P1", "lighter": "Priority changed from P3 to P5", "message": `Message changed from "m" to "other"`,
		"describe": "Description changed", "see": "Alert seen", "close": "Alert closed", "ask": "Alert is to be closed: lan is asked whether the trouble is over", "delete": "Alert deleted",
	} {
		if o := moves[name](fresh()); o.Entry.Text() != want || !o.Entry.At.Equal(now.Add(2*hour)) {
			t.Errorf("%s writes %q, want %q", name, o.Entry.Text(), want)
		}
	}
	for name, want := range map[string]string{
		"unack": "Acknowledgement taken back", "not over": "Alert is open again: the trouble is not over", "recur": "Alert is open again: it has occurred again",
		"confirm": "Alert closed: the reporter has confirmed that the trouble is over", "close-end": "Alert closed: the reporter has not contradicted in time",
	} {
		if o := moves[name](in[4].make()); o.Entry.Text() != want {
			t.Errorf("%s, while its closing waits, writes %q, want %q", name, o.Entry.Text(), want)
		}
	}
	if o := moves["snooze-end"](in[3].make()); o.Entry.Text() != "Snooze ended: its time is over" {
		t.Errorf("the end of a snooze writes %q", o.Entry.Text())
	}
}
