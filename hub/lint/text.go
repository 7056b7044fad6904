package lint

import (
	"fmt"
	"strings"
	"time"
)

// Text is the same in two languages.
type Text struct{ En, Vi string }

// In returns it in a language: "vi", else English.
func (t Text) In(language string) string {
	if language == "vi" {
		return t.Vi
	}
	return t.En
}

// say fills values into sentences. A value that is a Text itself is filled in in the language of
// the sentence.
func say(en, vi string, values ...any) Text {
	fill := func(language, format string) string {
		own := make([]any, len(values))
		for i, v := range values {
			own[i] = v
			if t, ok := v.(Text); ok {
				own[i] = t.In(language)
			}
		}
		return fmt.Sprintf(format, own...)
	}
	return Text{fill("en", en), fill("vi", vi)}
}

// named is how a part of a thing is called: its name in quotes, or its place, from 1.
func named(name string, place int) string {
	if name == "" {
		return fmt.Sprintf("#%d", place)
	}
	return "“" + name + "”"
}

// listed returns a few names, with commas between, and how many more there are.
func listed(names []string) Text {
	const most = 3
	first := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		return say("%s and %d more", "%s và %d người nữa", first, more)
	}
	return Text{first, first}
}

// length says a duration: in minutes, hours or days, whichever is whole.
func length(d time.Duration) Text {
	switch {
	case d >= 24*time.Hour && d%(24*time.Hour) == 0:
		return say("%d days", "%d ngày", d/(24*time.Hour))
	case d >= time.Hour && d%time.Hour == 0:
		return say("%d hours", "%d giờ", d/time.Hour)
	}
	return say("%g minutes", "%g phút", d.Minutes())
}

// weekdays are the days as they are said in a week, from Sunday.
var weekdays = [7]Text{{"Sun", "CN"}, {"Mon", "T2"}, {"Tue", "T3"}, {"Wed", "T4"}, {"Thu", "T5"}, {"Fri", "T6"}, {"Sat", "T7"}}
