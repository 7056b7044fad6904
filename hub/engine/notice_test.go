package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/state"
	"keng/proto/channel"
)

// duty makes two people with push, who want to be reminded, and a schedule in which they take turns by the day, at 09:00 in
// Vietnam. The bubble begins at 07:00 there.
func (w *world) duty() (an, binh reach.User, s rota.Schedule) {
	person := func(name, language string) reach.User {
		times := []string{"15-minutes-ago", "just-before"}
		return do(w, state.PutUser{User: reach.User{
			Username: strings.ToLower(name), FullName: name, Language: language, Zone: "Asia/Ho_Chi_Minh", Contacts: []reach.Contact{{Kind: "push", Address: "push-" + name}, {Kind: "email", Address: "mail-" + name}},
			Rules: []reach.NotificationRule{
				{Action: reach.ScheduleStart, Times: times, Steps: []reach.Step{{Contact: "push"}}}, {Action: reach.ScheduleEnd, Times: times[1:], Steps: []reach.Step{{Contact: "push"}}},
			},
		}})
	}
	an, binh = person("An", "vi"), person("Bình", "en")
	start := w.began.Add(-22 * time.Hour)
	s = do(w, state.PutSchedule{Schedule: rota.Schedule{Name: "it", Zone: "UTC", Rotations: []rota.Rotation{
		{Name: "days", Start: start, Unit: rota.Daily, Participants: []rota.Participant{{User: binh.ID}, {User: an.ID}}},
	}}})
	return an, binh, s
}

// said returns what was handed over since the last call, as people read it.
func (w *world) said() (news []string) {
	w.carrier.mu.Lock()
	defer w.carrier.mu.Unlock()
	for _, p := range w.carrier.pages[w.told:] {
		news = append(news, string(p.Kind)+" "+p.Address+": "+p.Title+" | "+strings.ReplaceAll(p.Body, "\n", " | "))
		if p.AlertID != "" || p.TinyID != "" || p.Priority != "" || p.Sequence != 0 || p.Alerts != 0 {
			w.t.Errorf("a notice looks like a page about an alert: %+v", p)
		}
	}
	w.told = len(w.carrier.pages)
	return news
}

func (w *world) saysAll(when string, want ...string) {
	w.t.Helper()
	got := w.said()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: said\n%s\nwant\n%s", when, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A hand-over in the words of both, in each one's language and zone.
func TestRemindersInBothLanguages(t *testing.T) {
	play(t, func(w *world) {
		w.duty()
		w.start()
		w.wait(104 * time.Minute)
		w.saysAll("before")
		w.wait(time.Minute)
		w.saysAll("a quarter of an hour before", "push push-An: Ca trực “it” của bạn bắt đầu lúc 09:00 thứ Bảy 01/01/2000 | Đến 09:00 Chủ nhật 02/01/2000 | Vòng trực: days | Nhận ca từ Bình | Giờ theo múi giờ Asia/Ho_Chi_Minh")
		for _, p := range w.carrier.pages {
			w.report(p.ID, 1, channel.Done)
		}
		w.wait(15 * time.Minute)
		w.saysAll("at the hand-over",
			"push push-An: Ca trực “it” của bạn đã bắt đầu lúc 09:00 thứ Bảy 01/01/2000 | Đến 09:00 Chủ nhật 02/01/2000 | Vòng trực: days | Nhận ca từ Bình | Giờ theo múi giờ Asia/Ho_Chi_Minh",
			"push push-Bình: Your on-call shift in it ended at 09:00 on Sat 1 Jan 2000 | Rotation: days | You hand over to An | Times are those of Asia/Ho_Chi_Minh")
		// Nothing is heard of either: the next contact is tried.
		w.wait(2 * time.Minute)
		if got := w.said(); len(got) != 2 || !strings.HasPrefix(got[0], "email mail-") || !strings.HasPrefix(got[1], "email mail-") {
			t.Errorf("after the failure: %q", got)
		}
	})
}

// What is told about swaps and gaps.
func TestSwapsAndGapsInBothLanguages(t *testing.T) {
	play(t, func(w *world) {
		an, binh, s := w.duty()
		day := func(n int) state.Span {
			start := w.began.Add(2*time.Hour + time.Duration(n)*24*time.Hour)
			return state.Span{Start: start, End: start.Add(24 * time.Hour)}
		}
		user := func(u reach.User) state.Pick { return state.Pick{ID: string(u.ID)} }
		ask := func() state.Swap {
			return do(w, state.AskSwap{Schedule: state.Pick{ID: string(s.ID)}, Asker: user(binh), Other: user(an), Mine: day(1), Theirs: day(2), Note: "cưới"})
		}
		w.start()
		first := ask()
		w.wait(time.Second)
		asked := "Bình muốn đổi ca trực “it” với bạn | Bạn nhận ca: 09:00 Chủ nhật 02/01/2000 đến 09:00 thứ Hai 03/01/2000 | Bình nhận ca: 09:00 thứ Hai 03/01/2000 đến 09:00 thứ Ba 04/01/2000 | " +
			"Hãy trả lời trước 09:00 Chủ nhật 02/01/2000 | Đồng ý: keng-hub swap accept " + first.ID + " --user TÊN-CỦA-BẠN; từ chối: swap decline | Ghi chú: cưới | Giờ theo múi giờ Asia/Ho_Chi_Minh"
		w.saysAll("asked", "push push-An: "+asked, "email mail-An: "+asked)
		do(w, state.AnswerSwap{Swap: first.ID, By: user(an), Answer: state.DeclineSwap})
		w.wait(time.Second)
		declined := "An has declined to swap on-call shifts in it | Nothing changes. You keep: 09:00 on Sun 2 Jan 2000 to 09:00 on Mon 3 Jan 2000 | Note: cưới | Times are those of Asia/Ho_Chi_Minh"
		w.saysAll("declined", "push push-Bình: "+declined, "email mail-Bình: "+declined)

		an.Profile.Role, binh.Profile.Role = "Admin", "Owner"
		do(w, state.PutUser{User: an})
		do(w, state.PutUser{User: binh})
		at := func(t time.Time) *time.Time { return &t }
		do(w, state.CreateAbsence{Fields: state.AbsenceFields{User: &state.Pick{ID: string(an.ID)}, Start: at(day(2).Start), End: at(day(2).End)}})
		do(w, state.CreateOverride{Schedule: state.Pick{ID: string(s.ID)}, Alias: "hole", Fields: state.OverrideFields{Who: &state.Party{}, Start: at(day(3).Start), End: at(day(3).Start.Add(time.Hour))}})
		var told []string
		for range 12 { // nine in the morning, by the schedule's wall
			w.wait(time.Hour)
			for _, s := range w.said() {
				if strings.Contains(s, "cần người trực") || strings.Contains(s, "need somebody") {
					told = append(told, s)
				}
			}
		}
		slices.Sort(told)
		told = slices.DeleteFunc(told, func(s string) bool { return !strings.HasPrefix(s, "email") })
		want := []string{
			"email mail-An: Lịch trực “it”: 2 ca cần người trực | 09:00 thứ Hai 03/01/2000 đến 09:00 thứ Ba 04/01/2000: An nghỉ phép. Có thể trực thay: Bình. | 09:00 thứ Ba 04/01/2000 đến 10:00 thứ Ba 04/01/2000: không có ai trực. Có thể trực thay: Bình, An. | Cách xử lý: thêm người trực thay (override), đổi ca, hoặc sửa vòng trực. | Giờ theo múi giờ Asia/Ho_Chi_Minh",
			"email mail-Bình: On-call schedule it: 2 shifts need somebody | 09:00 on Mon 3 Jan 2000 to 09:00 on Tue 4 Jan 2000: An is off. Could take it: Bình. | 09:00 on Tue 4 Jan 2000 to 10:00 on Tue 4 Jan 2000: nobody is on call. Could take it: Bình, An. | To mend it: an override, a swap, or other people in the rotation. | Times are those of Asia/Ho_Chi_Minh",
		}
		if !slices.Equal(told, want) {
			t.Errorf("gaps: told\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
		}
	})
}

// A reminder that the leader before this one may have handed over says that it is a repeat; one
// that nobody takes in time is not sent when it is worth nothing any more.
func TestReminderOfAnEarlierReign(t *testing.T) {
	play(t, func(w *world) {
		w.duty()
		w.carrier.hold()
		w.start()
		w.wait(105*time.Minute + time.Second)
		w.saysAll("nobody is there")
		w.store.depose()
		w.store.crown <- 2
		w.wait(time.Second)
		w.carrier.hold(7)
		w.wait(time.Second)
		if p := w.page(); !p.Repeat || p.Term != 2 || p.LateBy != 0 {
			t.Errorf("the page is %+v", p)
		}
		w.said()
		w.wait(3 * time.Second)
		w.saysAll("once more")
	})
}

// P6: a crowd of notices leaves room: a page about an alert that comes later goes before most of them.
func TestP6NoticesAreFewAtOnce(t *testing.T) {
	play(t, func(w *world) {
		const owners, schedules, atOnce = 10, 9, 64
		for i := range owners {
			name := string(rune('a' + i))
			do(w, state.PutUser{User: reach.User{Username: name, Language: "en", Zone: "UTC", Profile: reach.Profile{Role: "Owner"}, Contacts: []reach.Contact{{Kind: "email", Address: name}}}})
		}
		who := w.person("push")
		for i := range schedules {
			do(w, state.PutSchedule{Schedule: rota.Schedule{Name: string(rune('a' + i)), Zone: "UTC"}})
		}
		w.wait(10 * time.Hour) // there is no leader at nine, so all of them are looked at together
		w.start()
		w.wait(10 * time.Second) // soon enough: what nobody tells of fails after a minute
		if handed := len(w.said()); handed != atOnce {
			t.Fatalf("%d notices are handed over at once", handed)
		}
		w.alert("x", who)
		w.wait(0)
		w.want("the alert", "push to 1")
		for _, p := range w.carrier.pages[:atOnce] {
			w.report(p.ID, 1, channel.Done)
		}
		w.wait(time.Second)
		if rest := len(w.said()); rest != owners*schedules-atOnce {
			t.Errorf("%d notices are handed over when there is room", rest)
		}
	})
}
