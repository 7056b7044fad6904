package app

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"keng/mobile-gateway/sms"
	"keng/mobile-gateway/sms/smstest"
	"keng/proto/channel"
)

func TestTry(t *testing.T) {
	server := smstest.Start()
	defer server.Close()
	file, err := server.File(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{SMS: &sms.Config{Providers: []sms.Entry{{Name: "fake", File: file}}}}
	quiet := slog.New(slog.DiscardHandler)
	trial := Trial{Kind: channel.SMS, To: "+84901234567", Language: channel.Vietnamese, Text: "Thử", Dry: true}
	var out bytes.Buffer
	if err := Try(t.Context(), cfg, trial, quiet, &out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"provider fake, 10 characters (GSM)", "POST " + server.URL(), `"Content":"P5 #0: Thu"`, `"ApiKey":"MASKED-key"`} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("there is no %q in\n%s", part, &out)
		}
	}
	if strings.Contains(out.String(), smstest.Key) || len(server.Messages()) != 0 {
		t.Errorf("%d messages were sent, and the secret stands in\n%s", len(server.Messages()), &out)
	}
	trial.Dry = false
	if err := Try(t.Context(), cfg, trial, quiet, &out); err != nil || len(server.Messages()) != 1 || !strings.Contains(out.String(), "accepted sms-1") {
		t.Errorf("%v, %d messages:\n%s", err, len(server.Messages()), &out)
	}
	server.Refuse("", smstest.BadPhone)
	if err := Try(t.Context(), cfg, trial, quiet, &out); err == nil || !strings.Contains(err.Error(), "dead-contact") {
		t.Errorf("refused: %v", err)
	}
	trial.Kind = channel.Voice
	if err := Try(t.Context(), cfg, trial, quiet, &out); err == nil || !strings.Contains(err.Error(), "no channel of the kind voice") {
		t.Errorf("no such channel: %v", err)
	}
}

func TestConfigNamesTheWrongProvider(t *testing.T) {
	cfg, err := ParseConfig([]byte(`sms: {providers: [{name: esms, file: nowhere.yaml, prefixes: ["+84"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cfg.channels(slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "sms provider esms: cannot read its file: open "+filepath.Join("nowhere.yaml")) {
		t.Errorf("the error is %v", err)
	}
}
