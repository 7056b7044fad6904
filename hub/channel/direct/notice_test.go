package direct_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/state"
	"keng/proto/channel"
)

// What is about no alert is sent as well: there is nobody who could have acknowledged it.
func TestANoticeIsSent(t *testing.T) {
	play(t, func(w *world) {
		do(w, state.PutUser{User: reach.User{ID: "binh", Username: "binh@example.vn", Language: "en", Zone: "UTC"}})
		start := time.Now().Add(-time.Hour)
		week := func(n time.Duration) state.Span {
			return state.Span{Start: start.Add(n * 7 * 24 * time.Hour), End: start.Add((n + 1) * 7 * 24 * time.Hour)}
		}
		s := do(w, state.PutSchedule{Schedule: rota.Schedule{Name: "it", Zone: "UTC", Rotations: []rota.Rotation{
			{Start: start, Unit: rota.Weekly, Participants: []rota.Participant{{User: "an"}, {User: "binh"}}},
		}}})
		do(w, state.AskSwap{Schedule: state.Pick{ID: string(s.ID)}, Asker: state.Pick{ID: "binh"}, Other: state.Pick{ID: "an"}, Mine: week(1), Theirs: week(2)})
		page := channel.Page{Term: term, Title: "notice"}
		w.store.set(func() {
			for d := range state.NoticesOf(w.store.tx, "an") {
				page.ID, page.SendBy, page.Kind, page.Address = string(d.ID), d.SendBy, d.Kind, d.Address
			}
		})
		w.handOver(page)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		w.expect(page, "queued", "attempted", "accepted", "done")
	})
}

// P6: however many notices wait, there is room for pages about alerts.
func TestP6NoticesLeaveRoom(t *testing.T) {
	play(t, func(w *world) {
		w.store.set(func() { w.store.down = true }) // all wait
		page := channel.Page{Term: term, Kind: channel.Email, SendBy: time.Now().Add(time.Hour)}
		notices := 0
		for ; notices < 10_000; notices++ {
			page.ID = fmt.Sprint("notice", notices)
			if w.desk.HandOver(page) != nil {
				break
			}
		}
		page.AlertID, page.Priority = "alert", "P1"
		for i := range 4096 {
			page.ID = fmt.Sprint("alert", i)
			if err := w.desk.HandOver(page); err != nil {
				t.Fatalf("after %d notices and %d alerts: %v", notices, i, err)
			}
		}
	})
}
