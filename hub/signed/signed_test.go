package signed_test

import (
	"bytes"
	"strings"
	"testing"

	"keng/hub/signed"
)

func TestTokens(t *testing.T) {
	key, other := [32]byte{1}, [32]byte{2}
	token := signed.Token(key, []byte("payload"))
	if got, ok := signed.Open(key, token, 7); !ok || string(got) != "payload" {
		t.Errorf("%q, %v", got, ok)
	}
	if _, ok := signed.Open(other, token, 7); ok {
		t.Error("a token of another key is honoured")
	}
	for i := range token { // each letter counts
		letter := "A"
		if token[i] == 'A' {
			letter = "B"
		}
		if _, ok := signed.Open(key, token[:i]+letter+token[i+1:], 7); ok {
			t.Errorf("with another letter at %d it is honoured", i)
		}
	}
	for _, wrong := range []string{"", token[1:], token + "A", token + "\n", "\n" + token, strings.Repeat("A", 1<<16), token[:5] + "+" + token[6:]} {
		if _, ok := signed.Open(key, wrong, 7); ok {
			t.Errorf("%.40q is honoured", wrong)
		}
	}
	if _, ok := signed.Open(key, token, 6); ok {
		t.Error("a token of another size is honoured")
	}
}

func FuzzOpen(f *testing.F) {
	key := [32]byte{1}
	f.Add(signed.Token(key, []byte("payload")))
	f.Fuzz(func(t *testing.T, token string) {
		payload, ok := signed.Open(key, token, 7)
		if ok && signed.Token(key, bytes.Clone(payload)) != token {
			t.Errorf("%q is honoured, and is not what is made", token)
		}
	})
}
