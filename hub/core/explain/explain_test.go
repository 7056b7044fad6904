package explain_test

import (
	"strings"
	"testing"
	"time"

	"keng/hub/core/escalate"
	"keng/hub/core/explain"
)

// filled is a decision with everything that a sentence may name.
func filled(k explain.Kind) explain.Decision {
	return explain.Decision{
		Kind: k, User: "u", Name: "bích", Page: "d", By: "voice", At: time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC), For: 30 * time.Second, Count: 2,
		Of: []string{"thứ nhất", "thứ hai"}, Fate: &explain.Fate{Stage: "failed", Failure: "busy", Detail: "486"},
		Why: &explain.Reason{TeamName: "Mạng", EscalationName: "Đêm", Step: 3, ScheduleName: "Trực"},
	}
}

// Every kind of decision has a name of its own and a sentence in both languages, which tell the
// same things, and all of them.
func TestEveryKindIsToldInBothLanguages(t *testing.T) {
	names, sentences := map[string]bool{}, map[string]explain.Kind{}
	for _, k := range explain.Kinds() {
		d := filled(k)
		en, vi := d.Text(), d.TextVi()
		if en == "" || vi == "" || d.Cause() == "" || d.CauseVi() == "" || en == vi {
			t.Errorf("%v: %q, %q", k, en, vi)
		}
		if strings.ContainsAny(en+vi, "{}") {
			t.Errorf("%v has an open brace: %q, %q", k, en, vi)
		}
		if !strings.HasSuffix(en, d.Cause()) || !strings.HasSuffix(vi, d.CauseVi()) {
			t.Errorf("%v: the cause is not the end of %q, %q", k, en, vi)
		}
		if names[k.String()] {
			t.Errorf("two kinds are called %v", k)
		}
		names[k.String()] = true
		for _, value := range []string{"bích", "Mạng", "Đêm", "Trực", "thứ nhất", "thứ hai", "486"} {
			if has := strings.Contains(en, value); has && !strings.Contains(vi, value) {
				t.Errorf("%v tells %q in English alone: %q", k, value, vi)
			}
		}
		if strings.Contains(en, "30s") != strings.Contains(vi, "30 giây") || strings.Contains(en, "twice") && !strings.Contains(vi, "2 lần") {
			t.Errorf("%v tells how long or how often in one language alone: %q, %q", k, en, vi)
		}
		if other, ok := sentences[vi]; ok {
			t.Errorf("%v is told as %v: %q", k, other, vi)
		}
		sentences[vi] = k
	}
	if len(names) < 50 {
		t.Errorf("%d kinds", len(names))
	}
}

// How often and how long are told as people say it.
func TestNumbersAreWords(t *testing.T) {
	for n, want := range map[int]string{1: "an was paged once / Đã báo cho an 1 lần", 2: "an was paged twice / Đã báo cho an 2 lần", 3: "an was paged 3 times / Đã báo cho an 3 lần"} {
		if d := (explain.Decision{Kind: explain.PagedPerson, Name: "an", Count: n}); d.Text()+" / "+d.TextVi() != want {
			t.Errorf("%q / %q, want %s", d.Text(), d.TextVi(), want)
		}
	}
	for d, want := range map[time.Duration]string{time.Minute: "trong 1 phút", 2 * time.Hour: "trong 2 giờ", 90 * time.Second: "trong 1 phút 30 giây", time.Millisecond: "trong 1ms"} {
		if got := (explain.Decision{Kind: explain.HeldForOthers, For: d}).TextVi(); !strings.Contains(got, want+" để gộp") {
			t.Errorf("%v is told as %q, want %q", d, got, want)
		}
	}
}

// A step says whom of its recipient it calls; one that calls whoever it leads to, by name.
func TestWhomAStepCalls(t *testing.T) {
	for notify, want := range map[escalate.Notify]string{
		escalate.Default:    "calls an / gọi an",
		escalate.Next:       "calls whoever is next on call in schedule Trực / gọi người trực kế tiếp trong lịch Trực",
		escalate.Previous:   "calls whoever was on call before in schedule Trực / gọi người đã trực trước đó trong lịch Trực",
		escalate.Admins:     "calls administrators of team Mạng / gọi quản trị viên của nhóm Mạng",
		escalate.RoundRobin: "calls whose turn it is in team Mạng / gọi người đến lượt trong nhóm Mạng",
	} {
		d := explain.Decision{Kind: explain.StepComes, Of: []string{"an"}, Why: &explain.Reason{Notify: notify, TeamName: "Mạng", ScheduleName: "Trực"}}
		en, vi, _ := strings.Cut(want, " / ")
		if !strings.HasSuffix(d.Text(), en) || !strings.HasSuffix(d.TextVi(), vi) {
			t.Errorf("%v is told as %q, %q, want %s", notify, d.Text(), d.TextVi(), want)
		}
	}
}

// What a later version has written is not told, and does no harm.
func TestAnUnknownKind(t *testing.T) {
	d := filled(60000)
	if d.Text() != "" || d.TextVi() != "" || d.Kind.String() != "" {
		t.Errorf("%q, %q, %v", d.Text(), d.TextVi(), d.Kind)
	}
}

// A decision with nothing in it is told all the same.
func TestEmptyDecisions(t *testing.T) {
	for _, k := range explain.Kinds() {
		d := explain.Decision{Kind: k}
		if s := d.Text() + d.TextVi(); strings.ContainsAny(s, "{}") {
			t.Errorf("%v: %q", k, s)
		}
	}
}

func TestReasons(t *testing.T) {
	for _, x := range []struct {
		r      explain.Reason
		en, vi string
	}{
		{explain.Reason{}, "named as a responder", "được chỉ định là người xử lý"},
		{explain.Reason{TeamName: "Mạng"}, "team Mạng", "nhóm Mạng"},
		{
			explain.Reason{TeamName: "Mạng", EscalationName: "Đêm", Step: 2, ScheduleName: "Trực", Override: "tet"},
			"team Mạng, step 2 of escalation Đêm, on call in schedule Trực by an override",
			"nhóm Mạng, bước 2 của chính sách leo thang Đêm, đang trực trong lịch Trực theo lịch trực thay",
		},
		{
			explain.Reason{ScheduleName: "Trực", ForName: "an", After: "d"},
			"on call in schedule Trực, in the place of an, whose notifications are forwarded, earlier than planned because the page before it failed",
			"đang trực trong lịch Trực, thay cho an vì thông báo của người này được chuyển tiếp, sớm hơn dự kiến vì lần báo trước không tới được",
		},
		{
			explain.Reason{TeamName: "Mạng", EscalationName: "Đêm", Step: 1, Repeat: 2, Notify: escalate.Admins, Unclosed: "an"},
			"administrators of team Mạng, step 1 of escalation Đêm in repetition 2, acknowledged by an but not closed",
			"quản trị viên của nhóm Mạng, bước 1 của chính sách leo thang Đêm, lần lặp lại 2, an đã xác nhận nhưng cảnh báo chưa được đóng",
		},
		{
			explain.Reason{ScheduleName: "Trực", Notify: escalate.Next, Override: "tet"},
			"next on call in schedule Trực by an override", "trực kế tiếp trong lịch Trực theo lịch trực thay",
		},
		{explain.Reason{ScheduleName: "Trực", Notify: escalate.Previous}, "on call before in schedule Trực", "đã trực trước đó trong lịch Trực"},
		{explain.Reason{TeamName: "Mạng", Notify: escalate.Users}, "members of team Mạng who are no administrators", "thành viên của nhóm Mạng, không kể quản trị viên"},
		{explain.Reason{TeamName: "Mạng", Notify: escalate.All}, "all members of team Mạng", "mọi thành viên của nhóm Mạng"},
		{explain.Reason{TeamName: "Mạng", Notify: escalate.Random}, "a member of team Mạng at random", "một thành viên ngẫu nhiên của nhóm Mạng"},
		{explain.Reason{TeamName: "Mạng", Notify: escalate.RoundRobin}, "whose turn it is in team Mạng", "đến lượt trong nhóm Mạng"},
	} {
		if x.r.String() != x.en || x.r.TextVi() != x.vi {
			t.Errorf("%q, %q; want %q, %q", x.r, x.r.TextVi(), x.en, x.vi)
		}
		if x.r.Names().String() != x.en {
			t.Errorf("by its names alone it is %q", x.r.Names())
		}
	}
}

func TestFates(t *testing.T) {
	for en, x := range map[string]struct {
		explain.Fate
		vi string
	}{
		"queued":                    {explain.Fate{Stage: "queued"}, "chờ gửi"},
		"failed (unanswered): 480":  {explain.Fate{Stage: "failed", Failure: "unanswered", Detail: "480"}, "không tới được (không ai nhấc máy): 480"},
		"done, acknowledge":         {explain.Fate{Stage: "done", Reply: "acknowledge"}, "đã xong, người nhận đã xác nhận"},
		"teleported (eaten), waved": {explain.Fate{Stage: "teleported", Failure: "eaten", Reply: "waved"}, "teleported (eaten), waved"},
	} {
		if x.Fate.String() != en || x.TextVi() != x.vi {
			t.Errorf("%q, %q; want %q, %q", x.Fate, x.TextVi(), en, x.vi)
		}
	}
}
