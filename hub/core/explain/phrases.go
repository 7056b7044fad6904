package explain

import (
	"strings"
	"time"
)

// phrases are what other packages say, in English, of a page or of a rule: it is stored as
// they said it. What stands for a number in braces is told in the same way, if it can be. The
// first that fits counts.
var phrases = []struct{ en, vi string }{
	{"the alert is acknowledged", "cảnh báo đã được xác nhận"},
	{"the alert is closed", "cảnh báo đã đóng"},
	{"the alert is snoozed", "cảnh báo đã tạm hoãn"},
	{"the alert is about to be closed", "cảnh báo sắp được đóng"},
	{"the alert is deleted", "cảnh báo đã bị xóa"},
	{"the alert is now under {0}", "cảnh báo nay nằm trong {0}"},
	{"the person has acknowledged the alert", "người này đã xác nhận cảnh báo"},
	{"the person has passed the alert on", "người này đã chuyển cảnh báo cho người khác"},
	{"the contact works no more", "liên hệ không còn dùng được"},
	{"it is not worth telling any more", "không còn đáng báo nữa"},
	{"nothing was heard of this page in time", "không có tin gì về lần báo này trong thời hạn"},
	{"no gateway that is connected serves {0}", "không có gateway nào đang kết nối gửi được {0}"},
	{"this gateway has no channel of the kind {0}", "gateway này không gửi được {0}"},
	{"there is no mail server: start the hubs with {0}", "chưa có máy chủ thư: hãy khởi động các hub với {0}"},
	{"the mail server cannot be reached: {0}", "không kết nối được máy chủ thư: {0}"},
	{"the mail server did not answer within {0}", "máy chủ thư không trả lời trong {0}"},
	{"no SMS provider of this gateway is for numbers like this: see {0}", "gateway này không có nhà cung cấp SMS nào cho số như vậy: xem {0}"},
	{"the SMS provider did not answer in time", "nhà cung cấp SMS không trả lời kịp"},
	{"FCM did not answer within {0}", "FCM không trả lời trong {0}"},
	{"its time to be sent had passed", "đã quá hạn gửi"},
	{"taken back", "đã hủy"},
	{"taken back before it was sent", "đã hủy trước khi gửi"},
	{"taken back before {0} had answered; it may still arrive", "đã hủy trước khi {0} trả lời; có thể vẫn tới nơi"},
	{"rang for {0}, nobody picked up", "đổ chuông {0}, không ai nhấc máy"},
	{"the trunk took the call, but the phone did not ring", "tổng đài đã nhận cuộc gọi nhưng máy không đổ chuông"},
	{"pressed {0}", "đã bấm phím {0}"},

	{"notification policy {0} decides: {1}", "{0} được áp dụng vì {1}"},
	{"everything matches", "đúng với mọi cảnh báo"},
	{"suppressed: nobody is notified", "chặn thông báo, không báo cho ai"},
	{"delayed for {0}, which is {1}", "hoãn báo {0}, tức đến {1}"},
	{"delayed until {0}, which is {1}", "hoãn báo đến {1}"},
	{"held: {0}, and it takes {1}", "{0}, còn thiếu {1}"},
	{"held: {0}", "{0}"},
	{"notified when it occurs {0} times within {1}", "chỉ báo khi xảy ra {0} lần trong {1}"},
	{"notified from its occurrence number {0} on", "chỉ báo từ lần xảy ra thứ {0}"},
	{"begins anew {0} after the last time, if nobody has acknowledged: number {1} of {2}", "báo lại từ đầu sau lần trước {0} nếu chưa ai xác nhận: lần {1} trên {2}"},
	{"closed by itself {0} after its last occurrence", "tự đóng sau lần xảy ra cuối {0}"},
	{"{0} members are still open: close these first", "còn {0} cảnh báo trong nhóm đang mở: hãy đóng chúng trước"},
	{"1 member is still open: close these first", "còn 1 cảnh báo trong nhóm đang mở: hãy đóng nó trước"},
}

// things are what a phrase speaks of.
var things = map[string]string{
	"the mail server": "máy chủ thư", "the SMS provider": "nhà cung cấp SMS",
	"day": "ngày", "hour": "giờ", "minute": "phút", "second": "giây", "further occurrence": "lần xảy ra nữa",
}

// said tells in a language what another package has said; what is no phrase as it is, such as
// what a provider says.
func (l language) said(s string) string {
	if l == vietnamese {
		s, _ = inVietnamese(s)
	}
	return s
}

// inVietnamese tells a phrase, or several of them, each perhaps behind the name of who said it.
// It reports whether it knows any.
func inVietnamese(s string) (string, bool) {
	for _, p := range phrases {
		if values, ok := match(p.en, s); ok {
			return fill(p.vi, func(n string) string { return thing(values[n[0]-'0']) }), true
		}
	}
	if first, rest, several := strings.Cut(s, "; "); several {
		first, known := inVietnamese(first)
		rest, also := inVietnamese(rest)
		return first + "; " + rest, known || also
	}
	if who, rest, ok := strings.Cut(s, ": "); ok {
		if rest, known := inVietnamese(rest); known {
			return who + ": " + rest, true
		}
	}
	return s, false
}

// thing tells what stands in a phrase: a length of time, so and so many of something, something
// else, or another phrase.
func thing(s string) string {
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return vietnamese.length(d)
	}
	if n, unit, ok := strings.Cut(s, " "); ok && things[strings.TrimSuffix(unit, "s")] != "" {
		return n + " " + things[strings.TrimSuffix(unit, "s")]
	}
	s, _ = inVietnamese(s)
	return vietnamese.by(vietnamese.known(s, things))
}

// match reports whether a text fits a template, and what stands there for its braces.
func match(template, s string) (values []string, ok bool) {
	words, template, more := strings.Cut(template, "{")
	s, ok = strings.CutPrefix(s, words)
	for ok && more {
		_, template, _ = strings.Cut(template, "}")
		words, template, more = strings.Cut(template, "{")
		if !more && words == "" {
			return append(values, s), true
		}
		var value string
		value, s, ok = strings.Cut(s, words)
		values = append(values, value)
	}
	return values, ok && s == ""
}
