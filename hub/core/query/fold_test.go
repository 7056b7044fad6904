package query

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"disk full", "disk full"},
		{"Disk FULL", "disk full"},
		{"SỰ CỐ", "su co"},
		{"sự cố", "su co"},
		{"sự cố", "su co"}, // taken apart (NFD)
		{"SU\u031b\u0323 CO\u0302\u0301", "su co"},
		{"Đường ĐĨA đầy", "duong dia day"},
		{"Nghiêng ngả, khuỷu tay: Ỡ ỹ ẵ", "nghieng nga, khuyu tay: o y a"},
		{"a  b\t\nc\u00a0d\u3000e", "a b c d e"},
		{"  a ", " a "},
		{"a \u0301 b", "a b"},
		{"Crème Brûlée Ångström Ñandú", "creme brulee angstrom nandu"},
		{"Straße STRASSE ẞ", "strasse strasse ss"},
		{"Æsir æ Œuvre œ Ǣ Þór þ Ðð Øø Łł ĳ Ĳ", "aesir ae oeuvre oe ae thor th dd oo ll ij ij"},
		{"İstanbul ıI", "istanbul ii"},
		{"\u212a \u212b \u017f", "k a s"}, // Kelvin, Ångström, long s
		{"ΣΊΣΥΦΟΣ ς", "σίσυφοσ σ"},
		{"МОСКВА", "москва"},
		{"停止 かな ไทย", "停止 かな ไทย"},
		{"\xff\u0301a", "\uFFFDa"},
		{"a_b-C.d/9!", "a_b-c.d/9!"},
		{"×÷", "×÷"},
		{"\u00bf\u00c0\u024f\u0250", "\u00bfa\u024f\u0250"}, // the ends of the tables
		{"\u1dff\u1e00\u1eff\u1f00", "a\u1eff\u1f00"},
		{"\u007f\u0080", "\u007f\u0080"},
		{"@AZ[`az{", "@az[`az{"},
	} {
		if got := Fold(c.text); got != c.want {
			t.Errorf("Fold(%+q) = %+q, want %+q", c.text, got, c.want)
		}
	}
}

// The letters of Vietnamese, each in both forms and both cases.
//
// Rule keng-5.compare.fold.
func TestFoldVietnamese(t *testing.T) {
	letters := map[string]string{
		"a": "aàảãáạăằẳẵắặâầẩẫấậ", "e": "eèẻẽéẹêềểễếệ", "i": "iìỉĩíị", "o": "oòỏõóọôồổỗốộơờởỡớợ", "u": "uùủũúụưừửữứự", "y": "yỳỷỹýỵ", "d": "dđ",
	}
	n := 0
	for base, all := range letters {
		for _, r := range all {
			n++
			for _, text := range []string{string(r), strings.ToUpper(string(r))} {
				if got := Fold(text); got != base {
					t.Errorf("Fold(%q) = %q, want %q", text, got, base)
				}
			}
		}
	}
	if n != 74 {
		t.Errorf("there are %d letters, want 74", n)
	}
}

// Each letter that Unicode takes apart into a basic Latin letter and marks.
func TestFoldLatin(t *testing.T) {
	f, err := os.Open("testdata/latin.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		words := strings.Fields(lines.Text())
		letter, base, apart := words[0], words[1], words[2]
		if Fold(letter) != base || Fold(apart) != base {
			t.Errorf("%s (%+q) is folded to %q, and taken apart (%+q) to %q, want %q", letter, letter, Fold(letter), apart, Fold(apart), base)
		}
		n++
	}
	if n < 480 {
		t.Errorf("only %d letters were tried", n)
	}
}

func TestMarks(t *testing.T) {
	for _, r := range []rune{0x300, 0x36F, 0x1AB0, 0x1AFF, 0x1DC0, 0x1DFF, 0x20D0, 0x20FF, 0xFE20, 0xFE2F} {
		if !isMark(r) {
			t.Errorf("%U is a mark", r)
		}
	}
	for _, r := range []rune{0x2FF, 0x370, 0x1AAF, 0x1B00, 0x1DBF, 0x1E00, 0x20CF, 0x2100, 0xFE1F, 0xFE30, 'a'} {
		if isMark(r) {
			t.Errorf("%U is no mark", r)
		}
	}
}

func TestTablesHaveTheirLength(t *testing.T) {
	if len(latin) != 0x250-0xC0 || len(latinAdditional) != 0x100 {
		t.Errorf("%d and %d letters, want %d and %d", len(latin), len(latinAdditional), 0x250-0xC0, 0x100)
	}
}

func TestFoldAllocatesNothingForWhatIsFolded(t *testing.T) {
	text := strings.Repeat("disk full on web-01, ", 50) + "95%"
	if n := testing.AllocsPerRun(100, func() { _ = Fold(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	buffer := make([]byte, 0, 4096)
	capitals := "SỰ CỐ" + text
	if n := testing.AllocsPerRun(100, func() { buffer = appendFold(buffer[:0], capitals) }); n != 0 {
		t.Errorf("%v allocations with a buffer", n)
	}
}

func FuzzFold(f *testing.F) {
	for _, text := range []string{"", "SỰ CỐ", "sự  cố", "Straße", "\xff\xfe", "ΑΙ\u0345", "Ǆ ǅ", "a\u0301 \u0301 b", "\u1e9e\u0130"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Fold(text)
		if again := Fold(got); again != got {
			t.Errorf("Fold(%+q) = %+q, folded again %+q", text, got, again)
		}
		if !utf8.ValidString(got) {
			t.Errorf("Fold(%+q) = %+q is no UTF-8", text, got)
		}
		if upper := Fold(strings.ToUpper(text)); utf8.ValidString(text) && isPlainLatin(text) && upper != got {
			t.Errorf("in capitals %+q is folded to %+q, else to %+q", text, upper, got)
		}
		if s := string(appendFold([]byte("x"), text)); s != "x"+got {
			t.Errorf("appended to x, %+q is folded to %+q, else to %+q", text, s, got)
		}
	})
}

// isPlainLatin reports whether a text is of the letters for which the tables are.
func isPlainLatin(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x250 && (r < 0x1E00 || r >= 0x1F00) })
}
