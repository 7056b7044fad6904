package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"keng/hub/core/alert"
)

// What is what happened to an incident. Values are stored.
type What uint8

// What can happen.
const (
	DidCreate            What = 1
	DidResolve           What = 2
	DidReopen            What = 3
	DidClose             What = 4
	DidDelete            What = 5
	DidSee               What = 6
	DidAddResponders     What = 7
	DidAddNote           What = 8
	DidAddTags           What = 9
	DidRemoveTags        What = 10
	DidAddDetails        What = 11
	DidRemoveDetails     What = 12
	DidUpdatePriority    What = 13
	DidUpdateMessage     What = 14
	DidUpdateDescription What = 15
	DidCall              What = 16 // a responder alert was opened
	DidCallNobody        What = 17 // it names no responder
	DidAnswer            What = 18 // a responder alert was acknowledged
	DidUnanswer          What = 19 // that was taken back
	DidEnd               What = 20 // a responder alert was closed by itself
	DidLose              What = 21 // a responder alert was deleted by itself
)

// Entry is a line of an incident's log: what happened, by whom, when, and why.
type Entry struct {
	What What      `cbor:"1,keyasint"`
	By   string    `cbor:"2,keyasint"` // a username, a source, or [alert.System]
	At   time.Time `cbor:"3,keyasint"`
	Why  alert.Why `cbor:"4,keyasint,omitempty"`
	// Of is what it was done with: tags, names, the old value and the new one, the number of a responder
	// alert and the name of the responder …, as its kind of line needs.
	Of   []string `cbor:"5,keyasint,omitempty"`
	Note string   `cbor:"6,keyasint,omitempty"`
}

// String returns the name of the action, in the manner of Opsgenie's.
func (w What) String() string { return w.words().name }

// Text tells the line in English, without who and when.
func (e Entry) Text() string { return e.tell(e.What.words().en, e.Why.Text()) }

// TextVi tells the line in Vietnamese, without who and when.
func (e Entry) TextVi() string { return e.tell(e.What.words().vi, e.Why.TextVi()) }

func (e Entry) tell(text, why string) string {
	switch {
	case e.What.words().pair:
		of := append(slices.Clone(e.Of), "", "")
		text = fmt.Sprintf(text, of[0], of[1])
	case strings.Contains(text, "%s"):
		text = fmt.Sprintf(text, strings.Join(e.Of, ", "))
	}
	if why != "" {
		text += ": " + why
	}
	if e.Note != "" {
		text += ": " + e.Note
	}
	return text
}

// words are how something is told. A pair is told with two values.
type words struct {
	name, en, vi string
	pair         bool
}

func (w What) words() words {
	all := [...]words{
		DidCreate:            {"Create", "Incident created", "Đã tạo sự cố", false},
		DidResolve:           {"Resolve", "Incident resolved", "Đã khắc phục sự cố", false},
		DidReopen:            {"Reopen", "Incident reopened", "Đã mở lại sự cố", false},
		DidClose:             {"Close", "Incident closed", "Đã đóng sự cố", false},
		DidDelete:            {"Delete", "Incident deleted", "Đã xóa sự cố", false},
		DidSee:               {"Seen", "Incident seen", "Đã xem sự cố", false},
		DidAddResponders:     {"AddResponder", "Responders added: %s", "Đã thêm người xử lý: %s", false},
		DidAddNote:           {"AddNote", "Note", "Ghi chú", false},
		DidAddTags:           {"AddTags", "Tags added: %s", "Đã thêm nhãn: %s", false},
		DidRemoveTags:        {"RemoveTags", "Tags removed: %s", "Đã bỏ nhãn: %s", false},
		DidAddDetails:        {"AddDetails", "Details added: %s", "Đã thêm chi tiết: %s", false},
		DidRemoveDetails:     {"RemoveDetails", "Details removed: %s", "Đã bỏ chi tiết: %s", false},
		DidUpdatePriority:    {"UpdatePriority", "Priority changed from %s to %s", "Đã đổi mức ưu tiên từ %s thành %s", true},
		DidUpdateMessage:     {"UpdateMessage", "Message changed from %q to %q", "Đã đổi nội dung từ %q thành %q", true},
		DidUpdateDescription: {"UpdateDescription", "Description changed", "Đã đổi phần mô tả", false},
		DidCall:              {"CreateResponderAlert", "Alert %s opened for %s", "Đã mở cảnh báo %s cho %s", true},
		DidCallNobody:        {"CallNobody", "Nobody is called: the incident names no responder", "Không gọi ai: sự cố không nêu người xử lý nào", false},
		DidAnswer:            {"AcknowledgeResponderAlert", "Alert %s for %s acknowledged", "Cảnh báo %s cho %s đã được xác nhận", true},
		DidUnanswer:          {"UnAcknowledgeResponderAlert", "Alert %s for %s is acknowledged no more", "Cảnh báo %s cho %s không còn được xác nhận", true},
		DidEnd:               {"CloseResponderAlert", "Alert %s for %s closed", "Cảnh báo %s cho %s đã được đóng", true},
		DidLose:              {"DeleteResponderAlert", "Alert %s for %s deleted", "Cảnh báo %s cho %s đã bị xóa", true},
	}
	if int(w) >= len(all) {
		return words{}
	}
	return all[w]
}
