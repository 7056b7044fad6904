package lint

import (
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/holiday"
	"keng/hub/core/rota"
	"keng/hub/state"
	"keng/raftstore/table"
)

// scheduleChecks are about schedules as such; see also [planChecks].
func scheduleChecks() []Check {
	return []Check{
		{ID: "schedule-disabled", Severity: Error, run: scheduleDisabled,
			Finds: Text{"a schedule that is disabled and to which something sends alerts", "lịch trực đã tắt nhưng vẫn được gửi cảnh báo"},
			Mend:  Text{"Enable the schedule, or send the alerts elsewhere.", "Hãy bật lại lịch trực, hoặc gửi cảnh báo đi nơi khác."}},
		{ID: "schedule-empty", Severity: Error, run: scheduleEmpty,
			Finds: Text{"a schedule without rotations, or whose rotations are all over, to which something sends alerts", "lịch trực không có vòng trực nào còn hiệu lực nhưng vẫn được gửi cảnh báo"},
			Mend:  Text{"Give the schedule a rotation with people in it.", "Hãy thêm một vòng trực có người cho lịch trực này."}},
		{ID: "schedule-zone", Severity: Error, run: scheduleZone,
			Finds: Text{"a schedule with a time zone that does not exist", "lịch trực có múi giờ không tồn tại"},
			Mend:  Text{"Give the schedule a time zone of IANA's, such as Asia/Ho_Chi_Minh; see also `keng-hub tzdata`.", "Hãy đặt cho lịch trực múi giờ theo IANA, ví dụ Asia/Ho_Chi_Minh; xem thêm `keng-hub tzdata`."}},
		{ID: "schedule-gap", Severity: Error, run: scheduleGap,
			Finds: Text{"times in the next 8 weeks in which nobody is on call in a schedule to which something sends alerts", "khoảng trống trong 8 tuần tới ở lịch trực đang được gửi cảnh báo"},
			Mend:  Text{"Add an override or a rotation for that time, or say which hours the schedule is to cover; `keng-hub gaps` lists them all.", "Hãy thêm người trực thay hoặc vòng trực cho khoảng đó, hoặc khai báo khung giờ lịch cần phủ; `keng-hub gaps` liệt kê đầy đủ."}},
		{ID: "schedule-holidays", Severity: Warning, run: scheduleHolidays,
			Finds: Text{"a schedule that goes by a holiday calendar that does not exist", "lịch trực dùng lịch ngày lễ không tồn tại"},
			Mend:  Text{"Give the schedule a holiday calendar that exists, or none.", "Hãy gán một lịch ngày lễ có thật cho lịch trực, hoặc bỏ trống."}},
		{ID: "schedule-unused", Severity: Hint, run: scheduleUnused,
			Finds: Text{"a schedule to which nothing sends alerts", "lịch trực không được gửi cảnh báo nào"},
			Mend:  Text{"Name the schedule in a step of an escalation or a routing rule, or delete it.", "Hãy dùng lịch trực trong một bước leo thang hoặc quy tắc định tuyến, hoặc xóa nó."}},
	}
}

// sends says what sends alerts to a schedule.
func (w *world) sends(s *rota.Schedule) (Text, bool) {
	by, used := w.usedBy[alert.Responder{Kind: alert.Schedule, ID: string(s.ID)}]
	return by, used
}

// empty reports whether nobody will ever be on call in a schedule again.
func (w *world) empty(s *rota.Schedule) bool {
	for p := range w.takers(s) {
		if p != (rota.Participant{}) {
			return false
		}
	}
	return true
}

// zone returns the time zone of a schedule, nil if it is not known.
func (w *world) zone(s *rota.Schedule) *time.Location {
	zone, err := w.zones(s.Zone)
	if err != nil {
		return nil
	}
	return zone
}

func scheduleDisabled(w *world, found func(About, Text)) {
	for _, s := range w.schedules.all {
		if by, used := w.sends(s); used && s.Disabled {
			found(schedule(s), say("The schedule is disabled, so nobody is on call in it, and %s sends alerts to it.", "Lịch trực đã tắt nên không có ai trực, nhưng %s vẫn gửi cảnh báo đến đó.", by))
		}
	}
}

func scheduleEmpty(w *world, found func(About, Text)) {
	for _, s := range w.schedules.all {
		if by, used := w.sends(s); used && !s.Disabled && w.empty(s) {
			found(schedule(s), say("Nobody has a turn in the schedule, and %s sends alerts to it.", "Không có ai trong lịch trực, nhưng %s vẫn gửi cảnh báo đến đó.", by))
		}
	}
}

func scheduleZone(w *world, found func(About, Text)) {
	for _, s := range w.schedules.all {
		if w.zone(s) == nil {
			found(schedule(s), say("There is no time zone %q: shifts are counted by UTC, and the wrong person is called.", "Không có múi giờ %q: ca trực bị tính theo UTC và sẽ gọi nhầm người.", s.Zone))
		}
	}
}

// scheduleGap looks through the calendar of each schedule that is used and in which anybody is ever on
// call, until it has looked at [PeriodsMax] periods.
func scheduleGap(w *world, found func(About, Text)) {
	to, left := w.now.AddDate(0, 0, 7*WeeksAhead), PeriodsMax
	for _, s := range w.schedules.all {
		if _, used := w.sends(s); !used || s.Disabled || w.empty(s) || w.zone(s) == nil || never(s.Covers, w.holidays(s)) {
			continue
		}
		if left <= 0 {
			w.unseen++
			continue
		}
		c := w.calendar(s)
		t := c.Timeline(w.now, to)
		if left -= len(t.Final); t.Cut {
			w.unseen++
			continue
		}
		gaps := c.Uncovered(&t)
		if len(gaps) == 0 {
			continue
		}
		const form = "2006-01-02 15:04 -07:00"
		first := gaps[0]
		what := say("Nobody is on call from %s to %s", "Không có ai trực từ %s đến %s", first.Start.In(c.Zone).Format(form), first.End.In(c.Zone).Format(form))
		if more := len(gaps) - 1; more > 0 {
			what = say("%s, nor at %d other times in %d weeks", "%s, và %d khoảng khác trong %d tuần", what, more, WeeksAhead)
		}
		found(schedule(s), say("%s.", "%s.", what))
	}
}

// calendar is a schedule with what decides whether somebody is on call in it. To whom people
// forward is not in it: that makes nobody of nobody.
func (w *world) calendar(s *rota.Schedule) *rota.Calendar {
	c := &rota.Calendar{Schedule: s, Zone: w.zone(s), Holidays: w.holidays(s)}
	for _, o := range w.overrides[s.ID] {
		c.Overrides = append(c.Overrides, *o)
	}
	return c
}

// holidays returns the holidays by which a schedule goes, of the years in which it is looked at.
func (w *world) holidays(s *rota.Schedule) holiday.Days {
	if s.Holidays == "" {
		return nil
	}
	days, known := w.holidayDays[s.Holidays]
	if !known {
		if h, ok := state.HolidayCalendars.Get(w, table.K().String(s.Holidays)); ok {
			days = h.Days(w.now.Year()-1, w.now.Year()+1)
		}
		w.holidayDays[s.Holidays] = days
	}
	return days
}

func scheduleHolidays(w *world, found func(About, Text)) {
	for _, s := range w.schedules.all {
		if s.Holidays != "" && !state.HolidayCalendars.Has(w, table.K().String(s.Holidays)) {
			found(schedule(s), say("The schedule goes by a holiday calendar that does not exist: it has no holidays.", "Lịch trực dùng một lịch ngày lễ không tồn tại: nó không có ngày lễ nào."))
		}
	}
}

func scheduleUnused(w *world, found func(About, Text)) {
	for _, s := range w.schedules.all {
		if _, used := w.sends(s); !used {
			found(schedule(s), Text{"Nothing sends alerts to the schedule.", "Không có gì gửi cảnh báo đến lịch trực này."})
		}
	}
}
