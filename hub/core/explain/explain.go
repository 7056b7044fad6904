// Package explain has the decisions that concern who is paged for an alert, and why (P15): a
// kind of decision with what it was about, and its sentence in English and in Vietnamese.
//
// Decisions are stored with the lines of an alert's activity log, which are told from them.
// To add one, add a kind with its two sentences to kinds.go: nothing else is to be done. What
// stands in braces in a sentence is filled in from the decision; [Decision] says with what.
package explain

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/escalate"
)

// Decision is something that was decided about who is paged for an alert, or about when.
// Which fields are set is a matter of its kind. It is stored, so its keys are never reused.
type Decision struct {
	Kind Kind `cbor:"1,keyasint"`
	// User is the person whom it concerns, Name {name}: the person's name or, where there is
	// none, that of what it is about.
	User core.UserID `cbor:"2,keyasint,omitempty"`
	Name string      `cbor:"3,keyasint,omitempty"`
	// Why is the way by which it came to the decision, as far as that goes: {why}, and {team},
	// {escalation}, {step} and {schedule} of it.
	Why *Reason `cbor:"4,keyasint,omitempty"`
	// Page is the page that it is about, By {by}: its kind of channel.
	Page core.DeliveryID `cbor:"5,keyasint,omitempty"`
	By   string          `cbor:"6,keyasint,omitempty"`
	// At is {at}, the moment until or since which it counts, {clock} as people read it; For {for}, how long; Count {count}, {times} as in "twice".
	At    time.Time     `cbor:"7,keyasint,omitzero"`
	For   time.Duration `cbor:"8,keyasint,omitempty"`
	Count int           `cbor:"9,keyasint,omitempty"`
	// Of is what else belongs to it, such as the words of a policy: {of}, or one by one {first},
	// {second}, {quoted} being the first in quotation marks; {whom} is whom a step calls.
	Of []string `cbor:"10,keyasint,omitempty"`
	// Fate is {fate}: the stage to which a page has come.
	Fate    *Fate     `cbor:"11,keyasint,omitempty"`
	because *Decision // see [Decision.Because]
}

// Fate is a stage of a page's life, in the words of proto/channel. It is stored.
type Fate struct {
	Stage   string `cbor:"1,keyasint"`
	Failure string `cbor:"2,keyasint,omitempty"`
	Reply   string `cbor:"3,keyasint,omitempty"`
	Detail  string `cbor:"4,keyasint,omitempty"`
}

// Because returns the decision as one that follows from another one: {because}. That is not stored.
func (d Decision) Because(other Decision) Decision {
	d.because = &other
	return d
}

// Text tells the decision in English. It is the line of the activity log.
func (d Decision) Text() string { return d.tell(english) }

// TextVi tells the decision in Vietnamese.
func (d Decision) TextVi() string { return d.tell(vietnamese) }

// Cause tells why in English, without what comes of it: of a decision that nobody is notified
// what stands behind "Nobody notified:".
func (d Decision) Cause() string { return d.cause(english) }

// CauseVi tells why in Vietnamese.
func (d Decision) CauseVi() string { return d.cause(vietnamese) }

func (d Decision) tell(l language) string {
	return l.of(d.Kind.words().outcome.begins()) + d.cause(l)
}

func (d Decision) cause(l language) string {
	w := d.Kind.words()
	return fill(l.of(w.en, w.vi), func(name string) string { return d.value(name, l) })
}

// value returns what a name in braces stands for.
func (d Decision) value(name string, l language) string {
	switch name {
	case "name":
		return d.Name
	case "by":
		return l.by(d.By)
	case "at":
		return d.At.Format(time.RFC3339)
	case "clock":
		return d.At.Format(Clock)
	case "for":
		return l.length(d.For)
	case "count":
		return strconv.Itoa(d.Count)
	case "times":
		return l.times(d.Count)
	case "rules":
		return l.rules(d.nth(0), d.nth(1))
	case "others":
		return l.others(d.Count)
	case "of":
		return d.of(l)
	case "first":
		return d.nth(0)
	case "whom":
		if d.Why != nil && d.Why.Notify != escalate.Default {
			return d.Why.whom(l)
		}
		return strings.Join(d.Of, ", ")
	case "second":
		return d.nth(1)
	case "quoted":
		return strconv.Quote(d.nth(0))
	case "fate":
		if d.Fate == nil {
			return ""
		}
		return d.Fate.tell(l)
	}
	if name == "because" && d.because != nil {
		return d.because.tell(l)
	}
	if d.Why == nil {
		return ""
	}
	if name == "why" {
		return d.Why.tell(l)
	}
	return d.Why.fill("{" + name + "}")
}

// of tells what else belongs to the decision: what rules have said in the language, names as
// they are.
func (d Decision) of(l language) string {
	switch d.Kind {
	case PolicyDecided, RestsHeldBack, RestsHeld, EndNotClosed:
		said := make([]string, 0, len(d.Of))
		for _, s := range d.Of {
			said = append(said, l.said(s))
		}
		return strings.Join(said, "; ")
	}
	return strings.Join(d.Of, "; ")
}

func (d Decision) nth(i int) string {
	if i < len(d.Of) {
		return d.Of[i]
	}
	return ""
}

// String tells the stage in a few English words.
func (f Fate) String() string { return f.tell(english) }

// TextVi tells the stage in a few Vietnamese words. What a provider says is told as it is.
func (f Fate) TextVi() string { return f.tell(vietnamese) }

func (f Fate) tell(l language) string {
	s := l.stage(f.Stage)
	if f.Failure != "" {
		s += " (" + l.failure(f.Failure) + ")"
	}
	if f.Reply != "" {
		s += ", " + l.reply(f.Reply)
	}
	if f.Detail != "" {
		s += ": " + l.detail(f.Detail)
	}
	return s
}

// Clock is how a moment is told to people, in the zone that it has.
const Clock = "2006-01-02 15:04:05 MST"

// language is one in which decisions are told.
type language bool

const (
	english    language = false
	vietnamese language = true
)

func (l language) of(en, vi string) string {
	if l == vietnamese {
		return vi
	}
	return en
}

// others tells with how many other alerts a page came.
func (l language) others(n int) string {
	switch {
	case n == 1:
		return l.of(" (with another alert)", " (cùng một cảnh báo khác)")
	case n > 1:
		return l.of(" (with ", " (cùng ") + strconv.Itoa(n) + l.of(" other alerts)", " cảnh báo khác)")
	}
	return ""
}

// times tells how often something was.
func (l language) times(n int) string {
	once := map[int]string{1: "once", 2: "twice"}[n]
	return l.of(cmp.Or(once, strconv.Itoa(n)+" times"), strconv.Itoa(n)+" lần")
}

// length tells how long something is, to the second.
func (l language) length(d time.Duration) string {
	if l == english || d < time.Second {
		return d.String()
	}
	units := strings.NewReplacer("h0m0s", " giờ", "m0s", " phút", "h", " giờ ", "m", " phút ", "s", " giây")
	return units.Replace(d.Round(time.Second).String())
}

// rules tells the names of the rules by which a page came; empty: by none.
func (l language) rules(routing, notification string) string {
	s := ""
	if routing != "" {
		s += l.of(", by its routing rule ", ", theo quy tắc định tuyến ") + routing
	}
	if notification != "" {
		s += l.of(", by the person's notification rule ", ", theo quy tắc thông báo của người nhận ") + notification
	}
	return s
}

// known returns the Vietnamese word for one of a fixed set. In English, and where a later
// version knows more, it is told as it is.
func (l language) known(word string, vi map[string]string) string {
	if l == english {
		return word
	}
	return cmp.Or(vi[word], word)
}

func (l language) by(kind string) string {
	return l.known(kind, map[string]string{"push": "thông báo đẩy", "voice": "cuộc gọi", "sms": "tin nhắn SMS", "email": "thư điện tử"})
}

func (l language) stage(s string) string {
	return l.known(s, map[string]string{
		"queued": "chờ gửi", "attempted": "đang gửi", "accepted": "nhà cung cấp đã nhận", "ringing": "đang đổ chuông",
		"answered": "đã nhấc máy", "done": "đã xong", "failed": "không tới được", "cancelled": "đã hủy",
	})
}

func (l language) failure(s string) string {
	return l.known(s, map[string]string{
		"dead-contact": "địa chỉ không còn dùng được", "refused": "bị từ chối", "overloaded": "quá tải", "unavailable": "không liên lạc được",
		"busy": "máy bận", "declined": "bị gác máy", "unanswered": "không ai nhấc máy", "no-reply": "nhấc máy nhưng không bấm số",
		"expired": "quá hạn gửi", "stale-term": "lệnh của nút chủ cũ", "misconfigured": "cấu hình sai",
	})
}

// detail tells why a page was taken back or given up. What a provider says is told as it is.
func (l language) detail(s string) string {
	for _, k := range []Kind{PersonMuted, PersonInQuietHours, PersonAlwaysQuiet} { // a page that was held
		w := k.words()
		if who, until, ok := strings.Cut(s, between(w.en)); ok && l == vietnamese {
			return who + between(w.vi) + until
		}
	}
	return l.said(s)
}

// between returns what stands behind the first name in braces of a template, up to the next.
func between(template string) string {
	_, rest, _ := strings.Cut(template, "}")
	words, _, _ := strings.Cut(rest, "{")
	return words
}

func (l language) reply(s string) string {
	return l.known(s, map[string]string{
		"acknowledge": "người nhận đã xác nhận", "close": "người nhận đã đóng", "next-person": "người nhận đã chuyển cho người tiếp theo",
	})
}

// fill puts values for the names that stand in braces in a template.
func fill(template string, value func(name string) string) string {
	before, rest, found := strings.Cut(template, "{")
	if !found {
		return template
	}
	var out strings.Builder
	out.Grow(2 * len(template)) // values are longer than their names, mostly
	for found {
		out.WriteString(before)
		name, after, _ := strings.Cut(rest, "}")
		out.WriteString(value(name))
		before, rest, found = strings.Cut(after, "{")
	}
	out.WriteString(before)
	return out.String()
}
