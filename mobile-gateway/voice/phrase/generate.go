//go:build ignore

// This program makes the recorded phrases in audio/: run "go generate" in this
// folder after a change of the texts in texts.go or of package tts. It needs
// espeak-ng, which is why what it makes is committed: building Kẻng needs Go alone.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"keng/mobile-gateway/voice/media"
	"keng/mobile-gateway/voice/phrase"
	"keng/mobile-gateway/voice/tts"
	"keng/proto/channel"
)

// digitPace is how fast digits are spoken, in words a minute. They stand alone and
// decide what the listener looks for, so they are slower than sentences.
const digitPace = 110

func main() {
	log.SetFlags(0)
	synthesizer, err := tts.Find("")
	if err != nil {
		log.Fatal(err)
	}
	for _, language := range phrase.Languages() {
		for _, name := range phrase.Names() {
			if err := record(synthesizer, language, name); err != nil {
				log.Fatalf("%s/%s: %v", language, name, err)
			}
		}
	}
}

// record speaks a phrase and keeps it as 8 kHz µ-law without a header.
func record(synthesizer tts.Synthesizer, language channel.Language, name phrase.Name) error {
	pace := tts.Pace
	if len(name) == 1 {
		pace = digitPace
	}
	spoken, err := synthesizer.Say(context.Background(), language, pace, phrase.Text(language, name))
	if err != nil {
		return fmt.Errorf("cannot be spoken: %w", err)
	}
	file := filepath.Join("audio", string(language), string(name)+".ulaw")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, media.PCMU.Encode(spoken), 0o644)
}
