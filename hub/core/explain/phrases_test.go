package explain_test

import (
	"strings"
	"testing"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/explain"
	"keng/hub/core/route"
)

// What gateways and the hub itself say of a page, alone and among what a provider says.
func TestDetailsAreToldInVietnamese(t *testing.T) {
	for detail, want := range map[string]string{
		"no gateway that is connected serves voice":                           "không có gateway nào đang kết nối gửi được cuộc gọi",
		"no gateway that is connected serves pager":                           "không có gateway nào đang kết nối gửi được pager",
		"there is no mail server: start the hubs with --smtp-url":             "chưa có máy chủ thư: hãy khởi động các hub với --smtp-url",
		"the mail server did not answer within 1m5s":                          "máy chủ thư không trả lời trong 1 phút 5 giây",
		"the alert is now under #12":                                          "cảnh báo nay nằm trong #12",
		"taken back before FCM had answered; it may still arrive":             "đã hủy trước khi FCM trả lời; có thể vẫn tới nơi",
		"taken back before the mail server had answered; it may still arrive": "đã hủy trước khi máy chủ thư trả lời; có thể vẫn tới nơi",
		"pbx: rang for 30s, nobody picked up; backup: 503 Busy; pressed 1":    "pbx: đổ chuông 30 giây, không ai nhấc máy; backup: 503 Busy; đã bấm phím 1",
		"550 no such user": "550 no such user",
		"pressed":          "pressed",
		"":                 "",
	} {
		if got := (explain.Fate{Stage: "failed", Detail: detail}).TextVi(); strings.TrimPrefix(got, "không tới được") != strings.TrimSuffix(": "+want, ": ") {
			t.Errorf("%q is told as %q", detail, got)
		}
		if got := (explain.Fate{Stage: "failed", Detail: detail}).String(); detail != "" && got != "failed: "+detail {
			t.Errorf("%q is told as %q in English", detail, got)
		}
	}
}

// Whatever a notification policy decides has Vietnamese words, but for the names in it.
func TestPoliciesAreToldInVietnamese(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	w := &route.World{Now: now, Zones: time.LoadLocation}
	s := route.OfDraft(&alert.Draft{Message: "m"}, nil)
	for want, p := range map[string]route.NotificationPolicy{
		"Đêm được áp dụng vì đúng với mọi cảnh báo; chặn thông báo, không báo cho ai":                        {Suppress: true},
		"Đêm được áp dụng vì đúng với mọi cảnh báo; hoãn báo 10 phút, tức đến 2026-11-25T14:10:00Z":          {Delay: &route.Delay{Option: route.ForDuration, For: 10 * time.Minute}},
		"Đêm được áp dụng vì đúng với mọi cảnh báo; hoãn báo đến 2026-11-26T08:30:00+07:00":                  {Delay: &route.Delay{Option: route.NextTime, Hour: 8, Minute: 30}},
		"Đêm được áp dụng vì đúng với mọi cảnh báo; chỉ báo từ lần xảy ra thứ 3, còn thiếu 2 lần xảy ra nữa": {Repeated: &route.Deduplication{Count: 3}},
		"Đêm được áp dụng vì đúng với mọi cảnh báo; chỉ báo khi xảy ra 2 lần trong 1 giờ, còn thiếu 2 lần xảy ra nữa; tự đóng sau lần xảy ra cuối 1 ngày": {
			Repeated: &route.Deduplication{Count: 2, Within: time.Hour}, CloseAfter: 24 * time.Hour},
		"Đêm được áp dụng vì đúng với mọi cảnh báo; báo lại từ đầu sau lần trước 90 giây nếu chưa ai xác nhận: lần 1 trên 4": {Restart: &route.Restart{After: 90 * time.Second, Most: 4}},
	} {
		p.ID, p.Name, p.Zone = "p", "Đêm", "Asia/Ho_Chi_Minh"
		v := route.Judge([]route.NotificationPolicy{p}, &s, &route.Facts{Created: now, Count: 1}, w)
		d := explain.Decision{Kind: explain.PolicyDecided, Of: v.Reasons}
		if got := strings.TrimPrefix(d.TextVi(), "Chính sách thông báo: "); got != want {
			t.Errorf("%q is told as %q", v.Reasons, got)
		}
		if d.Text() != strings.Join(v.Reasons, "; ") {
			t.Errorf("%q is told as %q in English", v.Reasons, d.Text())
		}
	}
}

func FuzzDetailInVietnamese(f *testing.F) {
	f.Add("pbx: rang for 30s, nobody picked up; pressed 1")
	f.Add("held: notified when it occurs 2 times within 1 hour, and it takes 2 further occurrences")
	f.Add("taken back before  had answered; it may still arrive")
	f.Fuzz(func(t *testing.T, detail string) {
		fate := explain.Fate{Stage: "failed", Detail: detail}
		if got := fate.TextVi(); strings.ContainsAny(got, "{}") != strings.ContainsAny(detail, "{}") {
			t.Errorf("%q is told as %q", detail, got)
		}
	})
}
