package engine

import (
	"fmt"
	"strings"

	"keng/hub/state"
	"keng/proto/channel"
)

// reachPhrases are the words of one language about whether people can be reached.
type reachPhrases struct {
	code, codeFor, codeSecret string // the code
	test, testNothing         string
	testFailed, testMend      string // by what, why
	unreached, risk           string // schedule, moment; schedule
	noLoud, reachMend         string
	has                       string // name, span
	kinds                     map[channel.Kind]string
	failures                  map[channel.Failure]string
	failed                    string // any other reason
}

func reachVietnamese() reachPhrases {
	return reachPhrases{
		code: "Mã xác minh Kẻng: %s", codeFor: "Mã này xác minh rằng liên hệ này là của bạn và có hiệu lực trong 10 phút.", codeSecret: "Nếu bạn không yêu cầu mã, hãy bỏ qua tin này và đừng đưa mã cho ai.",
		test: "Kẻng: kiểm tra hằng ngày", testNothing: "Đây chỉ là thông báo thử, bạn không cần làm gì. Nhận được nó nghĩa là cảnh báo cũng đến được với bạn qua kênh này.",
		testFailed: "Thông báo kiểm tra hằng ngày qua %s không đến được với bạn: %s", testMend: "Cảnh báo gửi qua kênh này có thể cũng không đến. Hãy kiểm tra liên hệ này và xác minh lại.",
		unreached: "Ca trực “%s” của bạn bắt đầu lúc %s, nhưng không kênh báo gọi nào của bạn hoạt động", risk: "Lịch trực “%s”: có người sắp vào ca mà không thể gọi được",
		noLoud: "Không có thông báo đẩy, tin nhắn SMS hay cuộc gọi nào chắc chắn đến được.", reachMend: "Cách xử lý: sửa hoặc thêm liên hệ rồi xác minh bằng mã (keng-hub contact verify), hoặc nhờ người khác trực thay.",
		has:   "%s: %s",
		kinds: map[channel.Kind]string{channel.Push: "thông báo đẩy", channel.SMS: "tin nhắn SMS", channel.Email: "thư điện tử", channel.Voice: "cuộc gọi"},
		failures: map[channel.Failure]string{
			channel.DeadContact: "địa chỉ này không còn hoạt động", channel.Refused: "nhà cung cấp từ chối", channel.Overloaded: "nhà cung cấp quá tải",
			channel.Unavailable: "không gửi được hoặc không có hồi âm", channel.Misconfigured: "địa chỉ sai hoặc chưa cấu hình kênh này", channel.Expired: "không kịp gửi",
		},
		failed: "gửi không thành công",
	}
}

func reachEnglish() reachPhrases {
	return reachPhrases{
		code: "Your Kẻng code: %s", codeFor: "It proves that this contact is yours, and is valid for 10 minutes.", codeSecret: "If you did not ask for it, ignore this, and give the code to nobody.",
		test: "Kẻng: the daily test", testNothing: "This is only a test, and there is nothing to do. That it has come means that an alert would come this way, too.",
		testFailed: "The daily test by %s did not come through to you: %s", testMend: "Alerts may not come this way either. Look at the contact, and verify it again.",
		unreached: "Your on-call shift in %s begins at %s, and no loud contact of yours works", risk: "On-call schedule %s: shifts begin soon whose people cannot be called",
		noLoud: "No push, SMS or call is sure to reach you.", reachMend: "To mend it: correct or add a contact and verify it by a code (keng-hub contact verify), or let somebody else take the shift.",
		has:   "%s: %s",
		kinds: map[channel.Kind]string{channel.Push: "push", channel.SMS: "SMS", channel.Email: "e-mail", channel.Voice: "call"},
		failures: map[channel.Failure]string{
			channel.DeadContact: "this address works no more", channel.Refused: "the provider refused it", channel.Overloaded: "the provider is overloaded",
			channel.Unavailable: "it could not be sent, or nothing was heard of it", channel.Misconfigured: "the address is wrong, or there is no such channel", channel.Expired: "it could not be sent in time",
		},
		failed: "it failed",
	}
}

// reach returns what a notice says about whether somebody can be reached: a title, and a line for each fact.
func (w *noticeWriter) reach() (title, body string) {
	var lines []string
	switch w.Kind {
	case state.ContactCode:
		title, lines = fmt.Sprintf(w.code, w.Code), []string{w.codeFor, w.codeSecret}
	case state.CanaryTest:
		title, lines = w.test, []string{w.testNothing}
	case state.CanaryFailed:
		why, known := w.failures[w.Failure]
		if !known {
			why = w.failed
		}
		title, lines = fmt.Sprintf(w.testFailed, w.kinds[w.Failed], why), []string{w.testMend}
	case state.ShiftUnreached:
		title = fmt.Sprintf(w.unreached, w.ScheduleName, w.clock(w.Shift.Start))
		lines = []string{w.noLoud, w.reachMend, fmt.Sprintf(w.inZone, w.zone)}
	case state.ShiftAtRisk:
		title = fmt.Sprintf(w.risk, w.ScheduleName)
		for _, t := range w.Troubles {
			lines = append(lines, fmt.Sprintf(w.has, t.Name, w.openSpan(t.At)))
		}
		if w.More > 0 {
			lines = append(lines, fmt.Sprintf(w.more, w.More))
		}
		lines = append(lines, w.reachMend, fmt.Sprintf(w.inZone, w.zone))
	}
	return title, strings.Join(lines, "\n")
}

// openSpan tells a time that may have no end.
func (w *noticeWriter) openSpan(s state.Span) string {
	if s.End.IsZero() {
		return fmt.Sprintf(w.from, w.clock(s.Start))
	}
	return w.between(s)
}
