// Package phrase holds what Kẻng says on the telephone: a fixed set of phrases,
// recorded once in Vietnamese and English, from which an announcement is put
// together:
//
//	"Kẻng báo động. · Mức ưu tiên · một. · Cảnh báo số · bốn · hai. ·
//	 Bấm phím một để xác nhận, · phím hai để đóng, phím ba để chuyển cho người tiếp theo."
//
// The recordings are made by espeak-ng (generate.go) and committed, 8 kHz µ-law,
// so that a gateway speaks with nothing installed. What no fixed set can say, an
// alert's title, package tts speaks at run time, in the same voice.
//
// The names double as the vocabulary of siptest, which recognises recorded
// phrases in what its phone heard.
package phrase

import (
	"embed"
	"fmt"
	"path"
	"strconv"
	"time"

	"keng/mobile-gateway/voice/media"
	"keng/proto/channel"
)

//go:embed audio
var recordings embed.FS

// Pauses inside an announcement.
const (
	betweenDigits  = 80 * time.Millisecond
	betweenPhrases = 250 * time.Millisecond
	betweenChoices = 100 * time.Millisecond
)

// maxDigits bounds how much of an alert's number is read out.
const maxDigits = 12

// Audio returns a phrase as 8 kHz samples.
func Audio(language channel.Language, name Name) ([]int16, error) {
	encoded, err := recordings.ReadFile(path.Join("audio", string(language), string(name)+".ulaw"))
	if err != nil {
		return nil, fmt.Errorf("phrase %q is not recorded in language %q; run go generate in mobile-gateway/voice/phrase", name, language)
	}
	return media.PCMU.Decode(encoded), nil
}

// Language returns the language that a person is spoken to: the wanted one if
// phrases are recorded in it, else English.
func Language(wanted channel.Language) channel.Language {
	if wanted == channel.Vietnamese {
		return channel.Vietnamese
	}
	return channel.English
}

// Alert returns the phrases that announce a page, in order: greeting, whether it
// is a repeat or late, priority, and digit by digit the alert's number, or how many alerts
// there are. A part that the page lacks, or that cannot be read out, is left out.
func Alert(page channel.Page) []Name {
	names := []Name{Greeting}
	if page.Repeat {
		names = append(names, Repeated)
	}
	if page.LateBy > 0 {
		names = append(names, Late)
	}
	if p := page.Priority; len(p) == 2 && p[0] == 'P' && p[1] >= '1' && p[1] <= '5' {
		names = append(names, Priority, Name(p[1:]))
	}
	if page.Alerts > 1 {
		return append(append(names, AlertCount), digits(strconv.Itoa(page.Alerts))...)
	}
	if digits := digits(page.TinyID); digits != nil {
		names = append(append(names, AlertNumber), digits...)
	}
	return names
}

// Code returns the phrases that tell a code, digit by digit.
func Code(code string) []Name { return append([]Name{CodeIs}, digits(code)...) }

// Menu returns the phrases that say what to press.
func Menu() []Name { return []Name{PressOne, PressOther} }

// digits returns the names of a number's digits, or nil if it is not a number
// of at most maxDigits.
func digits(number string) []Name {
	if len(number) > maxDigits {
		return nil
	}
	var names []Name
	for _, r := range number {
		if r < '0' || r > '9' {
			return nil
		}
		names = append(names, Name(r))
	}
	return names
}

// Speak joins phrases to one piece of audio, 8 kHz, with pauses as a reader
// would make them: short between digits, longer between phrases.
func Speak(language channel.Language, names []Name) ([]int16, error) {
	var spoken []int16
	for i, name := range names {
		audio, err := Audio(language, name)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			spoken = append(spoken, media.Silence(pause(names[i-1], name))...)
		}
		spoken = append(spoken, audio...)
	}
	return spoken, nil
}

// pause is how long a reader pauses between two phrases. What leads to a number
// keeps close to it, and the menu's parts are one sentence.
func pause(before, after Name) time.Duration {
	switch {
	case len(after) == 1 && (len(before) == 1 || before == Priority || before == AlertNumber || before == AlertCount || before == CodeIs):
		return betweenDigits
	case after == PressOther:
		return betweenChoices
	}
	return betweenPhrases
}
