// Package tts turns text into speech for a telephone, by the program espeak-ng
// (Debian: apt-get install espeak-ng). It is a process of its own for each text:
// it is fast (some 50 ms), its licence stays its own, and whatever a text may do
// to it, it does not do to the gateway.
//
//	synthesizer, err := tts.Find("")
//	samples, err := synthesizer.Say(ctx, channel.Vietnamese, tts.Pace, "Máy chủ web không trả lời")
//
// The same way made the recorded phrases (package phrase), so that both sound as
// one voice of one loudness.
//
// A text is foreign: it comes from whoever may raise an alert. It reaches the
// program on its standard input only, never as an argument, cleaned and cut
// (text.go); what the program answers is bounded in time by the caller's context
// and in length by [Longest].
package tts

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"keng/mobile-gateway/voice/media"
	"keng/proto/channel"
)

const (
	// Pace is how fast sentences are spoken, in words a minute. Slower than espeak's
	// 175: a telephone is narrow, and its listener was asleep a moment ago.
	Pace = 145

	// Longest bounds what one text may take to speak. The longest sensible title
	// takes 15 s; a row of letters and signs takes minutes, and the menu waits.
	Longest = 20 * time.Second

	// program is the name that is looked for in PATH.
	program = "espeak-ng"

	// outputMax bounds what is kept of a program's output, in bytes: Longest at the
	// greatest rate that is read.
	outputMax = 48000 * 2 * int(Longest/time.Second)

	// complaintMax bounds what is kept of a program's complaints, in bytes.
	complaintMax = 200

	// lingerTime is how long a killed program's children may hold on to its output.
	lingerTime = 100 * time.Millisecond
)

// ErrMissing says that espeak-ng is not installed.
var ErrMissing = errors.New("espeak-ng is not in PATH; apt-get install espeak-ng")

// ErrNothing says that there is nothing in a text that could be spoken.
var ErrNothing = errors.New("the text holds nothing that could be spoken")

// Synthesizer speaks. It is safe for concurrent use.
type Synthesizer struct {
	path string // of the program
}

// Find returns the synthesizer at an absolute path, or, if path is "", the one in
// PATH; the error is [ErrMissing] if there is none.
func Find(path string) (Synthesizer, error) {
	if path == "" {
		found, err := exec.LookPath(program)
		if err != nil {
			return Synthesizer{}, ErrMissing
		}
		return Synthesizer{found}, nil
	}
	if !filepath.IsAbs(path) {
		return Synthesizer{}, fmt.Errorf("%q is no absolute path of a program", path)
	}
	found, err := exec.LookPath(path)
	if err != nil {
		return Synthesizer{}, fmt.Errorf("cannot run espeak-ng: %w", err)
	}
	return Synthesizer{found}, nil
}

// Say speaks the text, at most [TextMax] characters of it, at a pace in words a
// minute, in the voice of a language (English if espeak-ng has none of ours). It
// returns 8 kHz samples without silence around them, all texts at one loudness, and
// at most [Longest] of them. ctx bounds it: the program is killed when ctx ends.
func (s Synthesizer) Say(ctx context.Context, language channel.Language, pace int, text string) ([]int16, error) {
	text = Clean(text)
	if text == "" {
		return nil, ErrNothing
	}
	output, err := s.run(ctx, voice(language), pace, text)
	if err != nil {
		return nil, fmt.Errorf("espeak-ng: %w", err)
	}
	samples, rate, err := media.ParseWAV(output)
	if err != nil {
		return nil, fmt.Errorf("espeak-ng: %w", err)
	}
	spoken := condition(samples, rate)
	if len(spoken) == 0 {
		return nil, ErrNothing
	}
	return spoken, nil
}

// voice is the program's name for a language's voice.
func voice(language channel.Language) string {
	if language == channel.Vietnamese {
		return "vi"
	}
	return "en"
}

// run runs the program: text in, WAV file out.
func (s Synthesizer) run(ctx context.Context, voice string, pace int, text string) ([]byte, error) {
	// -b 1: the text is UTF-8, whatever the locale.
	command := exec.CommandContext(ctx, s.path, "-b", "1", "-v", voice, "-s", strconv.Itoa(pace), "--stdin", "--stdout")
	command.WaitDelay = lingerTime
	command.Stdin = strings.NewReader(text)
	output, complaint := limited{left: outputMax}, limited{left: complaintMax}
	command.Stdout, command.Stderr = &output, &complaint
	err := command.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("%w: %q", err, complaint.kept)
	}
	return output.kept, nil
}

// limited is a writer that keeps the beginning of what is written.
type limited struct {
	kept []byte
	left int
}

// Write keeps what there is room for, and never fails: the program is to come to its end.
func (l *limited) Write(p []byte) (int, error) {
	keep := min(len(p), l.left)
	l.kept = append(l.kept, p[:keep]...)
	l.left -= keep
	return len(p), nil
}
