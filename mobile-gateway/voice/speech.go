package voice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/phrase"
	"keng/mobile-gateway/voice/tts"
	"keng/proto/channel"
)

// Speech is what a call says, as 8 kHz samples.
type Speech struct {
	Alert []int16 // all that matters
	Menu  []int16 // what to press: after Alert, and again after a key that means nothing; of a code nothing
	// Confirmations say that a key was understood, by what it stands for.
	Confirmations map[channel.Reply][]int16
}

// Speaker puts a page into speech, in the page's language. It is called while the
// number is dialled, and must return soon after ctx has ended. If it fails, the
// recorded phrases are spoken. It must be safe for concurrent use.
type Speaker interface {
	Speak(ctx context.Context, page channel.Page) (Speech, error)
}

// off is the value of [Config.Espeak] that leaves titles unspoken.
const off = "off"

// NewSpeaker returns the speaker that [Config.Espeak] names: one that reads an
// alert's title after the recorded phrases, or, for "off" and where espeak-ng is not
// installed, one that says only these. It is an error if a path is given and no
// program is there. log is told which it is.
func NewSpeaker(espeak string, log *slog.Logger) (Speaker, error) {
	if espeak == off {
		return phrases{}, nil
	}
	synthesizer, err := tts.Find(espeak)
	switch {
	case errors.Is(err, tts.ErrMissing):
		log.Warn("calls will say an alert's priority and number, not its title", "reason", err)
		return phrases{}, nil
	case err != nil:
		return nil, fmt.Errorf("espeak: %w (leave it out to look in PATH, or say %q)", err, off)
	}
	return &reader{synthesizer: synthesizer, titles: newTitles(titlesKept)}, nil
}

// phrases is the Speaker that joins recorded phrases.
type phrases struct{}

// Speak joins the phrases that announce the page. It never blocks.
func (phrases) Speak(_ context.Context, page channel.Page) (Speech, error) {
	language := phrase.Language(page.Language)
	if page.Code != "" {
		spoken, err := phrase.Speak(language, phrase.Code(page.Code))
		return Speech{Alert: spoken}, err
	}
	var err error
	say := func(names ...phrase.Name) []int16 {
		samples, e := phrase.Speak(language, names)
		if e != nil {
			err = e
		}
		return samples
	}
	return Speech{
		Alert: say(phrase.Alert(page)...),
		Menu:  say(phrase.Menu()...),
		Confirmations: map[channel.Reply][]int16{
			channel.Acknowledge: say(phrase.Acknowledged),
			channel.Close:       say(phrase.Closed),
			channel.NextPerson:  say(phrase.PassedOn),
		},
	}, err
}

// reader is the Speaker that reads the title, too.
type reader struct {
	synthesizer tts.Synthesizer
	titles      *titles
}

// Speak joins the phrases that announce the page and its title.
func (r *reader) Speak(ctx context.Context, page channel.Page) (Speech, error) {
	speech, err := phrases{}.Speak(ctx, page)
	if err != nil || page.Code != "" { // of a code nothing is to be kept among the titles
		return speech, err
	}
	spoken, err := r.title(ctx, page)
	switch {
	case errors.Is(err, tts.ErrNothing):
		return speech, nil
	case err != nil:
		return Speech{}, fmt.Errorf("the title cannot be spoken: %w", err)
	}
	speech.Alert = slices.Concat(speech.Alert, media.Silence(sentencePause), spoken)
	return speech, nil
}

// title returns the page's title, spoken now or before.
func (r *reader) title(ctx context.Context, page channel.Page) ([]int16, error) {
	text := tts.Clean(page.Title)
	t := title{tts.Language(text, phrase.Language(page.Language)), text}
	if spoken, ok := r.titles.get(t); ok {
		return spoken, nil
	}
	spoken, err := r.synthesizer.Say(ctx, t.language, tts.Pace, t.text)
	if err == nil {
		r.titles.put(t, spoken)
	}
	return spoken, err
}
