package holiday_test

import (
	"fmt"
	"time"

	"keng/hub/core/holiday"
)

// A calendar of two years, corrected by a day of the firm's own.
func ExampleMerge() {
	own := holiday.Day{
		Date:       holiday.Date{Year: 2026, Month: time.November, Day: 24},
		English:    "Vietnam Culture Day",
		Vietnamese: "Ngày Văn hóa Việt Nam",
	}
	days := holiday.Merge(holiday.Vietnam(2026), holiday.Vietnam(2027), []holiday.Day{own})

	saturday := holiday.Date{Year: 2026, Month: time.August, Day: 22}
	fmt.Println(days.Holiday(own.Date), days.Weekday(saturday), days[saturday].Vietnamese)
	// Output: true Monday Làm bù cho ngày 31/08/2026
}

func ExampleLunar_Date() {
	midAutumn, err := holiday.Lunar{Year: 2026, Month: 8, Day: 15}.Date()
	fmt.Println(midAutumn, err)
	// Output: 2026-09-25 <nil>
}
