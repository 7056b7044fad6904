package explain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core/escalate"
	"keng/hub/core/explain"
)

var noon = time.Date(2026, 11, 25, 5, 0, 0, 0, time.UTC)

func clock(at time.Time) string { return at.Format("15:04") }

// told returns the lines of an account in English.
func told(a explain.Account) string { return strings.Join(a.Lines(false, clock), "\n") }

// decision is one without anything to fill in, and how it is told.
func decision(k explain.Kind) (explain.Decision, string) {
	d := explain.Decision{Kind: k, Name: "An"}
	return d, d.Text()
}

// An account is told in its order: how the alert stands, whom it concerns, what was decided besides, what comes next.
func TestLines(t *testing.T) {
	state, stands := decision(explain.RestsNamingNone)
	page, paged := decision(explain.NotToldAgain)
	note, noted := decision(explain.PersonBlocked)
	besides, decided := decision(explain.EscalationGone)
	a := explain.Account{
		State: state, Pages: 3,
		People: []explain.Person{
			{User: "a", Name: "An", Pages: []explain.Page{{At: noon, Decision: page}}, Notes: []explain.Noted{{At: noon.Add(time.Minute), Decision: note}}},
			{User: "b", Name: "Bình"},
		},
		Decisions: []explain.Noted{{At: noon.Add(time.Hour), Decision: besides}},
	}
	first, second := a.People[0].Summary(), a.People[1].Summary()
	if first.Kind != explain.PagedPerson || first.Count != 1 || first.User != "a" || first.Name != "An" || second.Kind != explain.PassedPerson || second.Count != 0 || second.User != "b" || second.Name != "Bình" {
		t.Errorf("%+v, %+v", first, second)
	}
	older := explain.Decision{Kind: explain.OlderPages, Count: 2}.Text()
	nothing := explain.Decision{Kind: explain.NothingComes}.Text()
	before := []string{
		stands + ".", first.Text() + ".", "- 05:00: " + paged + ".", "- 05:01: " + note.Cause() + ".", second.Text() + ".", older + ".",
		"What was decided besides:", "- 06:00: " + decided + ".",
	}
	if noted == note.Cause() {
		t.Fatal("the note has no outcome to leave out")
	}
	if got, want := told(a), strings.Join(append(slices.Clone(before), nothing+"."), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	a.Next = []explain.Noted{{At: noon.Add(2 * time.Hour), Decision: note}}
	if got, want := told(a), strings.Join(append(slices.Clone(before), "What comes next if nobody acts:", "- 07:00: "+noted+"."), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	vi := a.Lines(true, clock)
	if len(vi) != len(before)+2 || vi[0] != state.TextVi()+"." || vi[6] != "Những quyết định khác:" || vi[8] != "Nếu không ai làm gì, tiếp theo sẽ là:" {
		t.Errorf("%q", vi)
	}
	rests, rested := decision(explain.RestsDone)
	a.Next, a.Rests = nil, &rests
	if got, want := told(a), strings.Join(append(slices.Clone(before), rested+"."), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Of an alert for which nobody was paged that is said, but of a member of a group what its parent does.
func TestLinesOfGroups(t *testing.T) {
	state, stands := decision(explain.RestsNamingNone)
	under, underSaid := decision(explain.NotToldAgain)
	over, overSaid := decision(explain.EscalationGone)
	rests, _ := decision(explain.RestsDone)
	nobody, nothing := explain.Decision{Kind: explain.PagedNobody}.Text(), explain.Decision{Kind: explain.NothingComes}.Text()
	for _, c := range []struct {
		a    explain.Account
		want []string
	}{
		{explain.Account{State: state}, []string{stands, nobody, nothing}},
		{explain.Account{State: state, Under: &under, Rests: &rests}, []string{stands, underSaid}},
		{explain.Account{State: state, Under: &under}, []string{stands, underSaid}},
		{explain.Account{State: state, Over: &over}, []string{stands, overSaid, nobody, nothing}},
		{explain.Account{State: state, Over: &over, Pages: 1}, []string{stands, overSaid, explain.Decision{Kind: explain.OlderPages, Count: 1}.Text(), nothing}},
	} {
		if got, want := told(c.a), strings.Join(c.want, ".\n")+"."; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// What is filled into sentences: each name in braces, with and without what it stands for.
func TestFilledIn(t *testing.T) {
	at := time.Date(2026, 11, 25, 14, 0, 5, 0, time.UTC)
	why := &explain.Reason{TeamName: "Mạng"}
	for _, c := range []struct {
		d      explain.Decision
		en, vi string
	}{
		{explain.Decision{Kind: explain.GivenUp, At: at}, "What was due at 2026-11-25T14:00:05Z could not be done and is given up: see the hub's log", "Việc đến hạn lúc 2026-11-25T14:00:05Z không thực hiện được nên đã bỏ: xem nhật ký của hub"},
		{explain.Decision{Kind: explain.HeldForOthers, Name: "An", By: "sms", For: 90 * time.Second, Why: why}, "sms to An is held for 1m30s, to be one page with what else comes: team Mạng", "Giữ tin nhắn SMS cho An trong 1 phút 30 giây để gộp với những gì đến sau: nhóm Mạng"},
		{explain.Decision{Kind: explain.EventsLostFrom, Name: "hn", Count: 7, Of: []string{"1", "2"}}, "Agent hn lost 7 events between 1 and 2", "Agent hn đã mất 7 sự kiện trong khoảng từ 1 đến 2"},
		{explain.Decision{Kind: explain.EventsLostFrom, Name: "hn", Of: []string{"1"}}, "Agent hn lost 0 events between 1 and ", "Agent hn đã mất 0 sự kiện trong khoảng từ 1 đến "},
		{explain.Decision{Kind: explain.ResponderGone, Of: []string{`a"b`}}, `Nobody notified: responder "a\"b" does not exist`, `Không báo được cho ai: người xử lý "a\"b" không tồn tại`},
		{explain.Decision{Kind: explain.Shaped, Of: []string{"p", "q"}}, "Shaped by p; q", "Đã được điều chỉnh bởi p; q"},
		{explain.Decision{Kind: explain.PageCame, Name: "An", By: "push", Fate: &explain.Fate{Stage: "done"}}, "push to An: done", "thông báo đẩy cho An: đã xong"},
		{explain.Decision{Kind: explain.PageCame, Name: "An", By: "push", Count: 1, Fate: &explain.Fate{Stage: "done"}}, "push (with another alert) to An: done", "thông báo đẩy (cùng một cảnh báo khác) cho An: đã xong"},
		{explain.Decision{Kind: explain.PageCame, Name: "An", By: "push", Count: 2}, "push (with 2 other alerts) to An: ", "thông báo đẩy (cùng 2 cảnh báo khác) cho An: "},
		{explain.Decision{Kind: explain.TeamToldAnew, Why: why}, "Nobody has acknowledged: team Mạng is notified anew", "Chưa ai xác nhận: báo lại nhóm Mạng từ đầu"},
	} {
		if c.d.Text() != c.en || c.d.TextVi() != c.vi {
			t.Errorf("%v:\n%s\n%s\nwant\n%s\n%s", c.d.Kind, c.d.Text(), c.d.TextVi(), c.en, c.vi)
		}
	}
}

// The parts of a way that are told alone, and beside others.
func TestMoreReasons(t *testing.T) {
	for _, x := range []struct {
		r      explain.Reason
		en, vi string
	}{
		{explain.Reason{LastResort: true}, "as the last resort, since nobody takes care of it", "là người được gọi cuối cùng vì chưa ai nhận xử lý"},
		{explain.Reason{Assigned: "boss"}, "made the owner by boss", "được boss giao phụ trách"},
		{explain.Reason{Again: 3}, "named as a responder, repeated by a rule of the person, time 3", "được chỉ định là người xử lý, lặp lại lần 3 theo quy tắc của người này"},
		{explain.Reason{EscalationName: "Đêm", Step: 1, Notify: escalate.Default}, "step 1 of escalation Đêm", "bước 1 của chính sách leo thang Đêm"},
	} {
		if x.r.String() != x.en || x.r.TextVi() != x.vi || x.r.Names().String() != x.en {
			t.Errorf("%q, %q, %q; want %q, %q", x.r, x.r.TextVi(), x.r.Names(), x.en, x.vi)
		}
	}
}

// Which kinds are about a page that is there, and which end what was to follow.
func TestKindsOfDecisions(t *testing.T) {
	for k, want := range map[explain.Kind]bool{
		explain.Told: true, explain.ToldAlready: false, explain.Queued: true, explain.HeldForLine: true, explain.OtherGateway: true, explain.ContactLeftOut: false, explain.PolicyDecided: false,
	} {
		if k.OfPage() != want {
			t.Errorf("%v is of a page: %v", k, !want)
		}
	}
	for k, want := range map[explain.Kind]bool{explain.RestsDone: true, explain.RestsUnder: true, explain.PersonBlocked: false, explain.TeamOnCallSilent: false, explain.Told: false} {
		if k.Rests() != want {
			t.Errorf("%v rests: %v", k, !want)
		}
	}
	if explain.Told != 1 || explain.Queued != 20 || explain.ResponderGone != 40 || explain.RestsUnder != 60 || explain.Shaped != 80 || explain.StepsAgain != 100 {
		t.Error("a stored number has changed")
	}
}

// How often somebody was tried, and in vain. What never went was no try.
//
// Rule keng-8.explain.reached.
func TestSummaries(t *testing.T) {
	gone, failed, withdrawn := explain.Page{}, explain.Page{Failed: true}, explain.Page{Withdrawn: true}
	for _, c := range []struct {
		pages  []explain.Page
		tally  explain.Tally
		en, vi string
	}{
		{nil, explain.Tally{}, "An was not paged", "Chưa báo cho An lần nào"},
		{[]explain.Page{gone, withdrawn}, explain.Tally{Tried: 1, Withdrawn: 1}, "An was paged once", "Đã báo cho An 1 lần"},
		{[]explain.Page{failed}, explain.Tally{Tried: 1, Failed: 1}, "An was tried once and not reached", "Đã thử báo cho An 1 lần nhưng không tới được"},
		{[]explain.Page{failed, failed, withdrawn, failed, failed}, explain.Tally{Tried: 4, Failed: 4, Withdrawn: 1}, "An was tried 4 times and not reached", "Đã thử báo cho An 4 lần nhưng không tới được"},
		{[]explain.Page{failed, gone, failed}, explain.Tally{Tried: 3, Failed: 2}, "An was paged 3 times; 2 of these did not arrive", "Đã báo cho An 3 lần, trong đó 2 lần không tới được"},
		{[]explain.Page{withdrawn}, explain.Tally{Withdrawn: 1}, "An was not paged: what was to go was taken back before it went", "Chưa báo cho An lần nào: thông báo đã được hủy trước khi gửi"},
	} {
		p := explain.Person{Name: "An", Pages: c.pages}
		if d := p.Summary(); d.Text() != c.en || d.TextVi() != c.vi || p.Tally() != c.tally {
			t.Errorf("%+v: %q, %q; want %+v: %q, %q", p.Tally(), d.Text(), d.TextVi(), c.tally, c.en, c.vi)
		}
	}
}

// A page that was held says in either language why its person was not to be paged when it was to go.
func TestHeldPageKeptOut(t *testing.T) {
	for _, k := range []explain.Kind{explain.PersonMuted, explain.PersonInQuietHours, explain.PersonAlwaysQuiet} {
		d := explain.Decision{Kind: k, Name: "An", Of: []string{"2026-11-26T06:00:00+07:00"}}
		f := explain.Fate{Stage: "cancelled", Detail: d.Cause()}
		if f.String() != "cancelled: "+d.Cause() || f.TextVi() != "đã hủy: "+d.CauseVi() {
			t.Errorf("%v: %q, %q", k, f, f.TextVi())
		}
	}
}
