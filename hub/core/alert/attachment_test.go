package alert_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"keng/hub/core/alert"
)

// Rule keng-2.attach.name.
func TestNamesOfAttachments(t *testing.T) {
	long := strings.Repeat("ệ", 200) // 600 bytes
	for given, want := range map[string]string{
		"screen.png":                    "screen.png",
		"ảnh màn hình.png":              "ảnh màn hình.png",
		"../../etc/passwd":              "passwd",
		`C:\Users\lan\disk.txt`:         "disk.txt",
		"..":                            "attachment",
		"/":                             "attachment",
		"":                              "attachment",
		" . ":                           "attachment",
		".bashrc":                       "bashrc",
		"a\r\nSet-Cookie: x=y":          "aSet-Cookie: x=y",
		"invoice\u202egnp.exe":          "invoicegnp.exe",
		"a\u200fb\u2066c\ufeffd":        "abcd",
		"a\u00a0b":                      "a b",
		"a\xffb\x00c":                   "a_bc",
		`say "hi";.txt`:                 `say "hi";.txt`,
		long + ".tar.gz":                strings.Repeat("ệ", 84) + ".gz",
		"x." + strings.Repeat("y", 300): "x." + strings.Repeat("y", 253),
	} {
		if got := alert.AttachmentName(given); got != want {
			t.Errorf("%q becomes %q, want %q", given, got, want)
		}
	}
}

func FuzzAttachmentName(f *testing.F) {
	f.Add("../a\u202eb.png")
	f.Add(strings.Repeat("ệ.", 200))
	f.Fuzz(func(t *testing.T, given string) {
		name := alert.AttachmentName(given)
		if name == "" || len(name) > alert.AttachmentNameMax || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\r\n\x00\u202e") || strings.Trim(name, ".") == "" {
			t.Errorf("%q becomes %q", given, name)
		}
	})
}
