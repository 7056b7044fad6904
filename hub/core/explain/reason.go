package explain

import (
	"strconv"
	"strings"

	"keng/hub/core"
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
}

// String tells the way in one sentence, in English.
func (r Reason) String() string { return r.tell(english) }

// TextVi tells the way in Vietnamese.
func (r Reason) TextVi() string { return r.tell(vietnamese) }

func (r Reason) tell(l language) string {
	var parts []string
	say := func(en, vi string) { parts = append(parts, r.fill(l.of(en, vi))) }
	if r.LastResort {
		say("as the last resort, since nobody takes care of it", "là phương án cuối cùng vì chưa ai nhận xử lý")
	}
	if r.TeamName != "" {
		say("team {team}", "nhóm {team}")
	}
	if r.EscalationName != "" {
		say("step {step} of escalation {escalation}", "bước {step} của chính sách leo thang {escalation}")
	}
	switch {
	case r.Override != "":
		say("on call in schedule {schedule} by an override", "đang trực trong lịch {schedule} theo lịch trực thay")
	case r.ScheduleName != "":
		say("on call in schedule {schedule}", "đang trực trong lịch {schedule}")
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
	if r.After != "" {
		say("earlier than planned because the page before it failed", "sớm hơn dự kiến vì lần báo trước không tới được")
	}
	return strings.Join(parts, ", ")
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
		}
		return ""
	})
}

// Names returns the way without ids, which is enough to tell it.
func (r Reason) Names() Reason {
	return Reason{
		TeamName: r.TeamName, EscalationName: r.EscalationName, Step: r.Step, ScheduleName: r.ScheduleName,
		ForName: r.ForName, Override: r.Override, LastResort: r.LastResort, Assigned: r.Assigned, Again: r.Again, After: r.After,
	}
}
