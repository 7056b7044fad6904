package picture

import (
	"fmt"
	"time"
)

// words are what a picture says in one language.
type words struct {
	rotation, override, forward, gap, nobody string // in the legend and in tooltips
	now, zone, onwards, more                 string
	forOf                                    string // names: who, for whom
	forwardedFrom                            string // the name: from whom
	left                                     string // the number of periods
	cut                                      string // that nobody knows how many there are
	alt                                      string // what the picture is, for those who hear it: title, from, to
	weekday                                  func(time.Weekday) string
	date                                     func(time.Time) string // a day, in full
	dayMonth                                 func(time.Time) string // a day, without the year
	month                                    func(time.Time) []string
	week                                     string // the number of the week
	year                                     string // how a year follows a day of a month, as time.Format has it
	lastName                                 bool   // people are called by the last word of their names
}

func wordsOf(language string) words {
	if language == "vi" {
		return vietnamese()
	}
	return english()
}

func vietnamese() words {
	weekday := func(d time.Weekday) string {
		return [...]string{"CN", "T2", "T3", "T4", "T5", "T6", "T7"}[d]
	}
	return words{
		rotation: "theo lịch xoay vòng", override: "trực thay", forward: "chuyển tiếp",
		gap: "Không có ai trực", nobody: "Không phân công ai",
		now: "Bây giờ", zone: "Múi giờ", onwards: "trở đi", more: "và %d người khác",
		forOf: "%s cho %s", forwardedFrom: "chuyển tiếp từ %s",
		left:    "Còn %d ca trực không được vẽ: hãy chọn khoảng thời gian ngắn hơn.",
		cut:     "Có quá nhiều ca trực nên không vẽ được hết: hãy chọn khoảng thời gian ngắn hơn.",
		alt:     "%s, lịch trực từ %s đến %s",
		weekday: weekday,
		date:    func(t time.Time) string { return weekday(t.Weekday()) + t.Format(" 02/01/2006") },
		dayMonth: func(t time.Time) string {
			return fmt.Sprintf("%d/%d", t.Day(), int(t.Month()))
		},
		month: func(t time.Time) []string {
			m := int(t.Month())
			return []string{fmt.Sprintf("Tháng %d/%d", m, t.Year()), fmt.Sprintf("Tháng %d", m), fmt.Sprintf("Th%d", m)}
		},
		week: "Tuần %d", year: "/2006", lastName: true,
	}
}

func english() words {
	return words{
		rotation: "by rotation", override: "by override", forward: "forwarded",
		gap: "Nobody on call", nobody: "Nobody assigned",
		now: "Now", zone: "Time zone", onwards: "onwards", more: "and %d more",
		forOf: "%s for %s", forwardedFrom: "forwarded from %s",
		left:     "%d more periods are not drawn: choose a shorter time.",
		cut:      "There are too many periods to draw them all: choose a shorter time.",
		alt:      "%s, on call from %s to %s",
		weekday:  func(d time.Weekday) string { return d.String()[:3] },
		date:     func(t time.Time) string { return t.Format("Mon 2 Jan 2006") },
		dayMonth: func(t time.Time) string { return t.Format("2 Jan") },
		month: func(t time.Time) []string {
			return []string{t.Format("January 2006"), t.Format("January"), t.Format("Jan")}
		},
		week: "Week %d", year: " 2006",
	}
}

// moment writes a moment for tooltips; with how far the clock is from UTC where clocks change.
func (d *drawing) moment(t time.Time) string {
	t = t.In(d.Zone)
	s := t.Format("15:04 ") + d.words.date(t)
	if d.shifting {
		s += t.Format(" (UTC-07:00)")
	}
	return s
}
