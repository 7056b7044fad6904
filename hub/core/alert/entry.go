package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// What is what happened to an alert. Values are stored.
type What uint8

// What can happen.
const (
	DidCreate            What = 1
	DidRecur             What = 2
	DidAcknowledge       What = 3
	DidUnacknowledge     What = 4
	DidSnooze            What = 5
	DidEndSnooze         What = 6
	DidAssign            What = 7
	DidTakeOwnership     What = 8
	DidEscalate          What = 9
	DidEscalateToNext    What = 10
	DidAddResponder      What = 11
	DidAddTeam           What = 12
	DidAddNote           What = 13
	DidAddTags           What = 14
	DidRemoveTags        What = 15
	DidAddDetails        What = 16
	DidRemoveDetails     What = 17
	DidRunAction         What = 18
	DidUpdatePriority    What = 19
	DidUpdateMessage     What = 20
	DidUpdateDescription What = 21
	DidClose             What = 22
	DidAskToClose        What = 23
	DidReopen            What = 24
	DidSee               What = 25
	DidDelete            What = 26
	DidJoin              What = 27 // it was put under a parent
	DidGain              What = 28 // a member was put under it
	DidLose              What = 29 // a member was closed, or deleted
	DidLeave             What = 30 // its parent was deleted
	DidAcknowledgeToo    What = 31 // one more person has acknowledged what was acknowledged
	DidAcknowledgePartly What = 32 // a person has acknowledged, and others must
	DidTakePartly        What = 33 // a person has taken ownership, and others must acknowledge
	DidAddAttachment     What = 34
	DidDeleteAttachment  What = 35
)

// Why is why something happened, if not because somebody wanted it. Values are stored.
type Why uint8

// The causes.
const (
	AsAsked      Why = 0
	SnoozeOver   Why = 1  // the end of the snooze has come
	Confirmed    Why = 2  // the reporter has confirmed that the trouble is over
	Uncontested  Why = 3  // the reporter has said nothing in time
	Contradicted Why = 4  // somebody has said that the trouble is not over
	OccurredAnew Why = 5  // it occurred again while its closing waited to be confirmed
	LongQuiet    Why = 6  // it has not occurred for as long as a policy says
	LastMember   Why = 7  // its last member was closed
	AllSilent    Why = 8  // everything open under it is taken care of
	MemberWants  Why = 9  // something under it wants attention, and nobody takes care of it itself
	HelpWanted   Why = 10 // somebody calls for help through a member
	GraverCame   Why = 11 // something under it is graver than it ever was
	NewCame      Why = 12 // something new has come under it, long after somebody took care of it
	IncidentOver Why = 13 // the incident for which it called a responder was resolved or closed

	StepsRunAgain Why = 14 // the steps of an escalation run again that takes acknowledgements back
	AllWasDone    Why = 15 // an escalation has come to its end, and nobody has acknowledged
)

// Entry is a line of an alert's activity log: what happened, by whom, when, and why.
type Entry struct {
	What What
	By   string // a username, a source, or [System]
	At   time.Time
	Why  Why
	// Of is what it was done with: tags, the name of the one added, the old value and the
	// new one …, as its kind of line needs.
	Of   []string
	Note string
}

// Action returns the name of what happened as Opsgenie's webhooks and request statuses
// have it, such as "AddTags"; of an action of the alert's own, that action's name.
func (e Entry) Action() string {
	if e.What == DidRunAction && len(e.Of) > 0 {
		return e.Of[0]
	}
	return e.What.String()
}

// Text tells the cause in English; "" for what somebody wanted.
func (w Why) Text() string { return w.words().en }

// TextVi tells the cause in Vietnamese.
func (w Why) TextVi() string { return w.words().vi }

// String returns the name of the action, as Opsgenie's webhooks have it.
func (w What) String() string { return w.words().name }

// Text tells the line in English, without who and when.
func (e Entry) Text() string { return e.tell(false) }

// TextVi tells the line in Vietnamese, without who and when.
func (e Entry) TextVi() string { return e.tell(true) }

func (e Entry) tell(vi bool) string {
	w := e.What.words()
	text, why := w.en, e.Why.words().en
	if vi {
		text, why = w.vi, e.Why.words().vi
	}
	switch {
	case w.pair:
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
		DidCreate:            {"Create", "Alert created", "Đã tạo cảnh báo", false},
		DidRecur:             {"Recur", "Alert occurred again", "Cảnh báo lại xảy ra", false},
		DidAcknowledge:       {"Acknowledge", "Alert acknowledged", "Đã xác nhận cảnh báo", false},
		DidUnacknowledge:     {"UnAcknowledge", "Acknowledgement taken back", "Đã rút lại xác nhận", false},
		DidSnooze:            {"Snooze", "Alert snoozed until %s", "Đã tạm hoãn cảnh báo đến %s", false},
		DidEndSnooze:         {"SnoozeEnded", "Snooze ended", "Đã hết thời gian tạm hoãn", false},
		DidAssign:            {"AssignOwnership", "Alert assigned to %s", "Đã giao cảnh báo cho %s", false},
		DidTakeOwnership:     {"TakeOwnership", "Ownership taken, alert acknowledged", "Đã nhận xử lý và xác nhận cảnh báo", false},
		DidEscalate:          {"Escalate", "Alert escalated to %s", "Đã leo thang cảnh báo tới %s", false},
		DidEscalateToNext:    {"EscalateToNext", "Alert escalated to the next step", "Đã leo thang cảnh báo tới bước tiếp theo", false},
		DidAddResponder:      {"AddResponder", "Responder added: %s", "Đã thêm người xử lý: %s", false},
		DidAddTeam:           {"AddTeam", "Team added: %s", "Đã thêm nhóm: %s", false},
		DidAddNote:           {"AddNote", "Note", "Ghi chú", false},
		DidAddTags:           {"AddTags", "Tags added: %s", "Đã thêm nhãn: %s", false},
		DidRemoveTags:        {"RemoveTags", "Tags removed: %s", "Đã bỏ nhãn: %s", false},
		DidAddDetails:        {"AddDetails", "Details added: %s", "Đã thêm chi tiết: %s", false},
		DidRemoveDetails:     {"RemoveDetails", "Details removed: %s", "Đã bỏ chi tiết: %s", false},
		DidRunAction:         {"Action", "Action executed: %s", "Đã thực hiện thao tác: %s", false},
		DidUpdatePriority:    {"UpdatePriority", "Priority changed from %s to %s", "Đã đổi mức ưu tiên từ %s thành %s", true},
		DidUpdateMessage:     {"UpdateMessage", "Message changed from %q to %q", "Đã đổi nội dung từ %q thành %q", true},
		DidUpdateDescription: {"UpdateDescription", "Description changed", "Đã đổi phần mô tả", false},
		DidClose:             {"Close", "Alert closed", "Đã đóng cảnh báo", false},
		DidAskToClose:        {"Close", "Alert is to be closed: %s is asked whether the trouble is over", "Sắp đóng cảnh báo: đang hỏi %s xem sự cố đã hết chưa", false},
		DidReopen:            {"Reopen", "Alert is open again", "Cảnh báo được mở lại", false},
		DidSee:               {"Seen", "Alert seen", "Đã xem cảnh báo", false},
		DidDelete:            {"Delete", "Alert deleted", "Đã xóa cảnh báo", false},
		DidJoin:              {"Join", "Joined %s: %s", "Đã gộp vào %s: %s", true},
		DidGain:              {"Gain", "Alert %s joined: %s", "Cảnh báo %s đã được gộp vào: %s", true},
		DidLose:              {"Lose", "Alert %s is over, still open: %s", "Cảnh báo %s đã kết thúc, còn mở: %s", true},
		DidLeave:             {"Leave", "Set free from %s, which was deleted", "Đã tách khỏi %s vì cảnh báo đó đã bị xóa", false},
		DidAcknowledgeToo:    {"AcknowledgeToo", "Alert acknowledged by one more", "Thêm một người đã xác nhận cảnh báo", false},
		DidAcknowledgePartly: {"AcknowledgePartly", "Alert acknowledged by %s of %s who have to", "Cảnh báo đã có %s trên %s người cần thiết xác nhận", true},
		DidTakePartly:        {"TakeOwnershipPartly", "Ownership taken, alert acknowledged by %s of %s who have to", "Đã nhận xử lý; cảnh báo đã có %s trên %s người cần thiết xác nhận", true},
		DidAddAttachment:     {"AddAttachment", "File attached: %s", "Đã đính kèm tệp: %s", false},
		DidDeleteAttachment:  {"DeleteAttachment", "Attached file deleted: %s", "Đã xóa tệp đính kèm: %s", false},
	}
	if int(w) >= len(all) {
		return words{}
	}
	return all[w]
}

func (w Why) words() words {
	all := [...]words{
		AsAsked:      {},
		SnoozeOver:   {en: "its time is over", vi: "đã đến giờ hẹn"},
		Confirmed:    {en: "the reporter has confirmed that the trouble is over", vi: "người báo đã xác nhận sự cố đã hết"},
		Uncontested:  {en: "the reporter has not contradicted in time", vi: "người báo không phản đối trong thời hạn"},
		Contradicted: {en: "the trouble is not over", vi: "sự cố chưa hết"},
		OccurredAnew: {en: "it has occurred again", vi: "sự cố lại xảy ra"},
		LongQuiet:    {en: "it has not occurred again in time", vi: "không xảy ra lại trong thời hạn"},
		LastMember:   {en: "the last alert under it is over", vi: "cảnh báo cuối cùng trong nhóm đã kết thúc"},
		AllSilent:    {en: "everything open under it is taken care of", vi: "mọi cảnh báo còn mở trong nhóm đã có người lo"},
		MemberWants:  {en: "something under it wants attention", vi: "có cảnh báo trong nhóm cần được xử lý"},
		HelpWanted:   {en: "somebody calls for help", vi: "có người gọi hỗ trợ"},
		GraverCame:   {en: "something graver has come under it", vi: "trong nhóm có cảnh báo nghiêm trọng hơn"},
		NewCame:      {en: "something new has come under it", vi: "trong nhóm có cảnh báo mới"},
		IncidentOver: {en: "its incident is over", vi: "sự cố liên quan đã kết thúc"},

		StepsRunAgain: {en: "the steps of its escalation run again", vi: "các bước leo thang bắt đầu lại"},
		AllWasDone:    {en: "its escalation has come to the end and nobody has acknowledged it", vi: "đã leo thang hết các bước mà không có ai xác nhận"},
	}
	if int(w) >= len(all) {
		return words{}
	}
	return all[w]
}
