package demo

import (
	"reflect"
	"regexp"
	"slices"
	"testing"
)

// Both languages say everything, with the same arguments in the same order.
func TestSentencesAreWholeAndAlike(t *testing.T) {
	en, vi := reflect.ValueOf(English.sentences()), reflect.ValueOf(Vietnamese.sentences())
	verbs := regexp.MustCompile(`%(\[\d\])?[.\d]*[a-z]`)
	for i := range en.NumField() {
		name := en.Type().Field(i).Name
		if en.Field(i).Kind() != reflect.String {
			continue
		}
		a, b := en.Field(i).String(), vi.Field(i).String()
		if a == "" || b == "" {
			t.Errorf("%s is missing in a language", name)
		}
		if !slices.Equal(verbs.FindAllString(a, -1), verbs.FindAllString(b, -1)) {
			t.Errorf("%s has other arguments in Vietnamese:\n%s\n%s", name, a, b)
		}
	}
	for _, fault := range Faults() {
		if English.sentences().faults[fault] == "" || Vietnamese.sentences().faults[fault] == "" || fault.Step() == "" {
			t.Errorf("fault %s has no words or no step", fault)
		}
	}
}

func TestLanguageOf(t *testing.T) {
	for _, c := range []struct {
		lcAll, lang string
		want        Language
	}{
		{"", "", English},
		{"", "vi_VN.UTF-8", Vietnamese},
		{"C.UTF-8", "vi_VN.UTF-8", English},
		{"vi_VN", "en_US.UTF-8", Vietnamese},
		{"", "fr_FR.UTF-8", English},
	} {
		env := map[string]string{"LC_ALL": c.lcAll, "LANG": c.lang}
		if got := LanguageOf(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%v: %s, want %s", env, got, c.want)
		}
	}
}

func TestSpoken(t *testing.T) {
	got := spoken([]string{"vi/keng-alert", "vi/priority", "vi/1", "vi/alert-number", "vi/4", "vi/2", "vi/press-1"})
	if want := "Kẻng báo động. Mức ưu tiên một. Cảnh báo số bốn hai. Bấm phím một để xác nhận."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
