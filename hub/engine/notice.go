package engine

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"keng/hub/core/rota"
	"keng/hub/state"
	"keng/proto/channel"
)

// noticePhrases are the words of one language of which notices are made. Verbs stand for names and
// times in the order that the language wants.
type noticePhrases struct {
	begins, began, ends, ended        string // schedule, moment
	until, noEnd, rotations           string
	insteadOf, takeFrom, handTo       string
	needed, neededOne                 string // schedule, number
	gap, away, blocked                string // span; span and name
	could, nobody, more               string
	wanted, taken, refused, takenBack string // name, schedule
	youTake, theyTake, youKeep        string
	answerBy, answer, mend, note      string
	from, span, inZone                string
	moment, somebody                  string
	acknowledged, closed, noted       string // name, number
	died, diedOn, renew               string // method; address
	methods                           map[string]string
}

// noticePhrasesIn returns the words of a language; of one that we do not speak, English.
func noticePhrasesIn(language channel.Language) noticePhrases {
	if language == channel.Vietnamese {
		return noticePhrases{
			begins: "Ca trực “%s” của bạn bắt đầu lúc %s", began: "Ca trực “%s” của bạn đã bắt đầu lúc %s",
			ends: "Ca trực “%s” của bạn kết thúc lúc %s", ended: "Ca trực “%s” của bạn đã kết thúc lúc %s",
			until: "Đến %s", noEnd: "Chưa định lúc kết thúc", rotations: "Vòng trực: %s",
			insteadOf: "Trực thay %s, người đã chuyển tiếp thông báo cho bạn", takeFrom: "Nhận ca từ %s", handTo: "Giao ca cho %s",
			needed: "Lịch trực “%s”: %d ca cần người trực", neededOne: "Lịch trực “%s”: %d ca cần người trực",
			gap: "%s: không có ai trực.", away: "%s: %s nghỉ phép.", blocked: "%s: tài khoản của %s đang bị khóa.",
			could: "Có thể trực thay: %s.", nobody: "Không ai trong lịch này rảnh lúc đó.", more: "và %d ca khác",
			wanted: "%s muốn đổi ca trực “%s” với bạn", taken: "%s đã đồng ý đổi ca trực “%s”",
			refused: "%s đã từ chối đổi ca trực “%s”", takenBack: "%s đã rút lại đề nghị đổi ca trực “%s”",
			youTake: "Bạn nhận ca: %s", theyTake: "%s nhận ca: %s", youKeep: "Không có gì thay đổi. Bạn vẫn trực: %s",
			answerBy: "Hãy trả lời trước %s", answer: "Đồng ý: keng-hub swap accept %[1]s --user TÊN-CỦA-BẠN; từ chối: swap decline", note: "Ghi chú: %s",
			mend: "Cách xử lý: thêm người trực thay (override), đổi ca, hoặc sửa vòng trực.",
			from: "từ %s trở đi", span: "%s đến %s", inZone: "Giờ theo múi giờ %s", moment: "%[1]s %[2]s", somebody: "Có người",
			acknowledged: "%s đã xác nhận cảnh báo #%d", closed: "%s đã đóng cảnh báo #%d", noted: "%s đã ghi chú vào cảnh báo #%d",
			died: "Kẻng không còn báo cho bạn được qua %s", diedOn: "Địa chỉ: %s",
			renew:   "Nhà cung cấp cho biết địa chỉ này không dùng được nữa. Hãy đăng ký lại hoặc thêm địa chỉ khác; trong lúc đó bạn vẫn được báo qua các địa chỉ còn lại.",
			methods: map[string]string{"push": "ứng dụng trên điện thoại", "sms": "SMS", "voice": "cuộc gọi", "email": "e-mail"},
		}
	}
	return noticePhrases{
		begins: "Your on-call shift in %s begins at %s", began: "Your on-call shift in %s began at %s",
		ends: "Your on-call shift in %s ends at %s", ended: "Your on-call shift in %s ended at %s",
		until: "Until %s", noEnd: "No end is planned", rotations: "Rotation: %s",
		insteadOf: "In the place of %s, whose notifications are forwarded to you", takeFrom: "You take over from %s", handTo: "You hand over to %s",
		needed: "On-call schedule %s: %d shifts need somebody", neededOne: "On-call schedule %s: %d shift needs somebody",
		gap: "%s: nobody is on call.", away: "%s: %s is off.", blocked: "%s: %s is blocked and cannot be told.",
		could: "Could take it: %s.", nobody: "Nobody in the schedule is free then.", more: "and %d more",
		wanted: "%s asks to swap on-call shifts in %s with you", taken: "%s has agreed to swap on-call shifts in %s",
		refused: "%s has declined to swap on-call shifts in %s", takenBack: "%s has withdrawn the request to swap on-call shifts in %s",
		youTake: "You take: %s", theyTake: "%s takes: %s", youKeep: "Nothing changes. You keep: %s",
		answerBy: "Answer before %s", answer: "To accept: keng-hub swap accept %[1]s --user YOUR-NAME; to decline: swap decline", note: "Note: %s",
		mend: "To mend it: an override, a swap, or other people in the rotation.",
		from: "from %s on", span: "%s to %s", inZone: "Times are those of %s", moment: "%[1]s on %[2]s", somebody: "Somebody",
		acknowledged: "%s has acknowledged alert #%d", closed: "%s has closed alert #%d", noted: "%s has added a note to alert #%d",
		died: "Kẻng cannot reach you by %s any more", diedOn: "Address: %s",
		renew:   "The provider says that this address will never work again. Register it anew, or add another one; until then you are told by your other contacts.",
		methods: map[string]string{"push": "the app on your phone", "sms": "SMS", "voice": "calls", "email": "e-mail"},
	}
}

// noticeWords returns what a page says that is about no alert, with times in a zone: a title, and a
// line for each fact.
func noticeWords(n *state.Notice, language channel.Language, zone *time.Location, now time.Time) (title, body string) {
	w := noticeWriter{noticePhrasesIn(language), language, zone, n}
	switch n.Kind {
	case state.OtherAcknowledged, state.OtherClosed, state.OtherNoted:
		return w.hearsay()
	case state.ContactDied:
		return w.dead()
	case state.ShiftStarts, state.ShiftEnds:
		title = w.shift(now)
	case state.GapsAhead:
		title = w.gaps()
	default:
		title = w.swap()
	}
	return title, strings.Join(append(w.lines(), fmt.Sprintf(w.inZone, zone)), "\n")
}

type noticeWriter struct {
	noticePhrases
	language channel.Language
	zone     *time.Location
	*state.Notice
}

// shift is the title of a reminder.
func (w *noticeWriter) shift(now time.Time) string {
	words, at := w.begins, w.Shift.Start
	if !at.After(now) {
		words = w.began
	}
	if w.Kind == state.ShiftEnds {
		words, at = w.ends, w.Shift.End
		if !at.After(now) {
			words = w.ended
		}
	}
	return fmt.Sprintf(words, w.ScheduleName, w.clock(at))
}

// gaps is the title of a notice of shifts that need somebody.
func (w *noticeWriter) gaps() string {
	n, words := len(w.Troubles)+w.More, w.needed
	if n == 1 {
		words = w.neededOne
	}
	return fmt.Sprintf(words, w.ScheduleName, n)
}

// swap is the title of a notice about a request to swap shifts.
func (w *noticeWriter) swap() string {
	words := map[state.NoticeKind]string{state.SwapWanted: w.wanted, state.SwapTaken: w.taken, state.SwapRefused: w.refused}[w.Kind]
	if words == "" {
		words = w.takenBack
	}
	return fmt.Sprintf(words, w.other(), w.ScheduleName)
}

// hearsay tells what somebody else has done to an alert.
func (w *noticeWriter) hearsay() (title, body string) {
	words := map[state.NoticeKind]string{state.OtherAcknowledged: w.acknowledged, state.OtherClosed: w.closed, state.OtherNoted: w.noted}[w.Kind]
	by := w.By
	if by == state.System {
		by = "Kẻng"
	}
	body = w.Message
	if w.Note != "" {
		body += "\n" + fmt.Sprintf(w.note, w.Note)
	}
	return fmt.Sprintf(words, by, w.Tiny), body
}

// dead tells that a contact works no more.
func (w *noticeWriter) dead() (title, body string) {
	body = w.renew
	if w.To != "" {
		body = fmt.Sprintf(w.diedOn, w.To) + "\n" + body
	}
	return fmt.Sprintf(w.died, cmp.Or(w.methods[w.Method], w.Method)), body
}

// other is the name of who takes part in a swap beside the reader.
func (w *noticeWriter) other() string {
	if len(w.With) == 0 {
		return w.somebody
	}
	return w.With[0]
}

// lines are the facts below the title.
func (w *noticeWriter) lines() (lines []string) {
	add := func(words string, args ...any) { lines = append(lines, fmt.Sprintf(words, args...)) }
	switch w.Kind {
	case state.ShiftStarts, state.ShiftEnds:
		return w.shiftLines()
	case state.GapsAhead:
		for _, t := range w.Troubles {
			lines = append(lines, w.trouble(t))
		}
		if w.More > 0 {
			add(w.more, w.More)
		}
		return append(lines, w.mend)
	case state.SwapRefused, state.SwapTakenBack:
		add(w.youKeep, w.between(w.Other)) // the shift that the other would have got
	default:
		add(w.youTake, w.between(w.Shift))
		add(w.theyTake, w.other(), w.between(w.Other))
	}
	if w.Kind == state.SwapWanted {
		add(w.answerBy, w.clock(w.AnswerBy))
		add(w.answer, w.Swap)
	}
	if w.Note != "" {
		add(w.note, w.Note)
	}
	return lines
}

func (w *noticeWriter) shiftLines() (lines []string) {
	add := func(words string, names ...string) {
		if len(names) > 0 {
			words = fmt.Sprintf(words, strings.Join(names, ", "))
		}
		lines = append(lines, words)
	}
	handover := w.handTo
	if w.Kind == state.ShiftStarts {
		handover = w.takeFrom
		if w.Shift.End.IsZero() {
			add(w.noEnd)
		} else {
			add(w.until, w.clock(w.Shift.End))
		}
	}
	if len(w.Rotations) > 0 {
		add(w.rotations, w.Rotations...)
	}
	if w.For != "" {
		add(w.insteadOf, w.For)
	}
	if len(w.With) > 0 {
		add(handover, w.With...)
	}
	return lines
}

// trouble tells one time for which somebody is needed.
func (w *noticeWriter) trouble(t state.ToldTrouble) string {
	when := w.between(t.At)
	if t.Open {
		when = fmt.Sprintf(w.from, w.clock(t.At.Start))
	}
	said := fmt.Sprintf(w.gap, when)
	switch {
	case t.Kind == rota.Away && t.Blocked:
		said = fmt.Sprintf(w.blocked, when, t.Name)
	case t.Kind == rota.Away:
		said = fmt.Sprintf(w.away, when, t.Name)
	}
	if len(t.Suggest) == 0 {
		return said + " " + w.nobody
	}
	return said + " " + fmt.Sprintf(w.could, strings.Join(t.Suggest, ", "))
}

// between tells a time.
func (w *noticeWriter) between(s state.Span) string {
	return fmt.Sprintf(w.span, w.clock(s.Start), w.clock(s.End))
}

// clock tells a moment, in the zone of the reader.
func (w *noticeWriter) clock(t time.Time) string {
	t = t.In(w.zone)
	day := t.Format("Mon 2 Jan 2006")
	if w.language == channel.Vietnamese {
		weekdays := [7]string{"Chủ nhật", "thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy"}
		day = weekdays[t.Weekday()] + " " + t.Format("02/01/2006")
	}
	return fmt.Sprintf(w.moment, t.Format("15:04"), day)
}
