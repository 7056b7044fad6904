package query

import "testing"

// usual is what a console asks for every few seconds.
const usual = "status: open AND tag: disk AND createdAt > 1470394841148"

func BenchmarkParseAndPlan(b *testing.B) {
	v := Alerts()
	planner := NewPlanner(v, 1_000_000, alertIndexes()...)
	b.ReportAllocs()
	for b.Loop() {
		q, err := Parse(usual, v, Options{})
		if err != nil {
			b.Fatal(err)
		}
		planner.Plan(q, newest())
	}
}

func BenchmarkPlanUnion(b *testing.B) {
	v := Alerts()
	planner := NewPlanner(v, 1_000_000, alertIndexes()...)
	q, err := Parse("tag: (a OR b OR c OR d OR e OR f) AND status: open", v, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		planner.Plan(q, newest())
	}
}

func BenchmarkMatch(b *testing.B) {
	for name, text := range map[string]string{
		"usual": usual, "words": `status: open AND message: "mất kết nối"`, "free": "status: open AND nowhere",
	} {
		b.Run(name, func(b *testing.B) {
			q, err := Parse(text, Alerts(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			m, s := q.Matcher(), outage()
			b.ReportAllocs()
			for b.Loop() {
				m.Match(s)
			}
		})
	}
}

func BenchmarkFold(b *testing.B) {
	for name, text := range map[string]string{
		"folded": "disk full on web-01, no space left on device", "vietnamese": "SỰ CỐ: mất kết nối tới web-01.example.vn",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Fold(text)
			}
		})
	}
}
