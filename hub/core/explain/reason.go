package explain

import (
	"strconv"
	"strings"

	"keng/hub/core"
	"keng/hub/core/escalate"
)

// Reason is why a person is paged (P15): the way from the alert to the person, with ids and
// with the names of that moment. It is stored.
type Reason struct {
	Team           core.TeamID       `cbor:"1,keyasint,omitempty"`
	TeamName       string            `cbor:"2,keyasint,omitempty"`
	RoutingRule    string            `cbor:"3,keyasint,omitempty"`
	Escalation     core.EscalationID `cbor:"4,keyasint,omitempty"`
	EscalationName string            `cbor:"5,keyasint,omitempty"`
	Step           int               `cbor:"6,keyasint,omitempty"` // of the escalation, from 1
	Schedule       core.ScheduleID   `cbor:"7,keyasint,omitempty"`
	ScheduleName   string            `cbor:"8,keyasint,omitempty"`
	// NotificationRule is the person's own rule; empty: every contact of a person without rules.
	NotificationRule string `cbor:"9,keyasint,omitempty"`
	// For is whose notifications go to the person by a forwarding rule; empty: nobody's.
	For     core.UserID `cbor:"11,keyasint,omitempty"`
	ForName string      `cbor:"12,keyasint,omitempty"`
	// Override is the alias of the override by which the person is on call; empty: by none.
	Override string `cbor:"13,keyasint,omitempty"`
	// LastResort says that all that was configured had been done before.
	LastResort bool `cbor:"22,keyasint,omitempty"`
	// Assigned is who has made the person the owner of the alert; empty: nobody.
	Assigned string `cbor:"18,keyasint,omitempty"`
	// Again counts how often the steps of the person's rule have come again; 0: they come first.
	Again int `cbor:"19,keyasint,omitempty"`
	// After says which failed page made this one come before its time.
	After core.DeliveryID `cbor:"10,keyasint,omitempty"`
	// Unclosed is who had acknowledged the alert, of which the person is told all the same
	// since it is not closed; empty: nobody.
	Unclosed string `cbor:"14,keyasint,omitempty"`
	// Repeat is how often the steps of the escalation had run through before.
	Repeat int `cbor:"15,keyasint,omitempty"`
	// Notify is whom of its recipient the step tells, Acks how many of them must acknowledge.
	Notify escalate.Notify `cbor:"16,keyasint,omitempty"`
	Acks   int             `cbor:"17,keyasint,omitempty"`
}

// String tells the way in one sentence, in English.
func (r Reason) String() string { return r.tell(english) }

// TextVi tells the way in Vietnamese.
func (r Reason) TextVi() string { return r.tell(vietnamese) }

func (r Reason) tell(l language) string {
	parts := make([]string, 0, 4) // it is seldom longer
	say := func(en, vi string) { parts = append(parts, r.fill(l.of(en, vi))) }
	if r.LastResort {
		say("as the last resort, since nobody takes care of it", "là người được gọi cuối cùng vì chưa ai nhận xử lý")
	}
	if r.TeamName != "" {
		say(r.ofTeam())
	}
	switch {
	case r.EscalationName != "" && r.Repeat > 0:
		say("step {step} of escalation {escalation} in repetition {repeat}", "bước {step} của chính sách leo thang {escalation}, lần lặp lại {repeat}")
	case r.EscalationName != "":
		say("step {step} of escalation {escalation}", "bước {step} của chính sách leo thang {escalation}")
	}
	if r.ScheduleName != "" {
		say(r.onCall())
	}
	if r.Assigned != "" {
		say("made the owner by {assigned}", "được {assigned} giao phụ trách")
	}
	if len(parts) == 0 {
		say("named as a responder", "được chỉ định là người xử lý")
	}
	if r.ForName != "" {
		say("in the place of {for}, whose notifications are forwarded", "thay cho {for} vì thông báo của người này được chuyển tiếp")
	}
	if r.Again > 0 {
		say("repeated by a rule of the person, time {again}", "lặp lại lần {again} theo quy tắc của người này")
	}
	if r.Unclosed != "" {
		say("acknowledged by {unclosed} but not closed", "{unclosed} đã xác nhận nhưng cảnh báo chưa được đóng")
	}
	if r.After != "" {
		say("earlier than planned because the page before it failed", "sớm hơn dự kiến vì lần báo trước không tới được")
	}
	return strings.Join(parts, ", ")
}

// whom tells whom of its recipient a step calls.
func (r Reason) whom(l language) string {
	switch r.Notify {
	case escalate.Next:
		return r.fill(l.of("whoever is next on call in schedule {schedule}", "người trực kế tiếp trong lịch {schedule}"))
	case escalate.Previous:
		return r.fill(l.of("whoever was on call before in schedule {schedule}", "người đã trực trước đó trong lịch {schedule}"))
	case escalate.RoundRobin:
		return r.fill(l.of("whose turn it is in team {team}", "người đến lượt trong nhóm {team}"))
	}
	return r.fill(l.of(r.ofTeam()))
}

// ofTeam tells who of a team is meant.
func (r Reason) ofTeam() (en, vi string) {
	switch r.Notify {
	case escalate.Users:
		return "members of team {team} who are no administrators", "thành viên của nhóm {team}, không kể quản trị viên"
	case escalate.Admins:
		return "administrators of team {team}", "quản trị viên của nhóm {team}"
	case escalate.All:
		return "all members of team {team}", "mọi thành viên của nhóm {team}"
	case escalate.Random:
		return "a member of team {team} at random", "một thành viên ngẫu nhiên của nhóm {team}"
	case escalate.RoundRobin:
		return "whose turn it is in team {team}", "đến lượt trong nhóm {team}"
	}
	return "team {team}", "nhóm {team}"
}

// onCall tells who of a schedule is meant.
func (r Reason) onCall() (en, vi string) {
	switch r.Notify {
	case escalate.Next:
		en, vi = "next on call in schedule {schedule}", "trực kế tiếp trong lịch {schedule}"
	case escalate.Previous:
		en, vi = "on call before in schedule {schedule}", "đã trực trước đó trong lịch {schedule}"
	default:
		en, vi = "on call in schedule {schedule}", "đang trực trong lịch {schedule}"
	}
	if r.Override != "" {
		return en + " by an override", vi + " theo lịch trực thay"
	}
	return en, vi
}

func (r Reason) fill(template string) string {
	return fill(template, func(name string) string {
		switch name {
		case "team":
			return r.TeamName
		case "escalation":
			return r.EscalationName
		case "step":
			return strconv.Itoa(r.Step)
		case "schedule":
			return r.ScheduleName
		case "assigned":
			return r.Assigned
		case "again":
			return strconv.Itoa(r.Again)
		case "for":
			return r.ForName
		case "repeat":
			return strconv.Itoa(r.Repeat)
		case "unclosed":
			return r.Unclosed
		}
		return ""
	})
}

// Names returns the way without ids, which is enough to tell it.
func (r Reason) Names() Reason {
	return Reason{
		TeamName: r.TeamName, EscalationName: r.EscalationName, Step: r.Step, ScheduleName: r.ScheduleName,
		ForName: r.ForName, Override: r.Override, LastResort: r.LastResort, Assigned: r.Assigned, Again: r.Again, After: r.After,
		Unclosed: r.Unclosed, Repeat: r.Repeat, Notify: r.Notify,
	}
}
