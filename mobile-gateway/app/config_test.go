package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keng/mobile-gateway/push/fcm"
)

func TestParseConfig(t *testing.T) {
	cfg, err := ParseConfig([]byte(`# gateway.yaml
fcm:  {project: example, credentials: /etc/keng/firebase.json}
sip:  {trunks: [{name: pbx, server: "sip:pbx.example.vn;transport=tcp", user: keng, password_file: /etc/keng/sip, caller_id: "1900"}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	if want := (fcm.Config{Project: "example", CredentialsFile: "/etc/keng/firebase.json"}); *cfg.FCM != want {
		t.Errorf("fcm is %+v; want %+v", *cfg.FCM, want)
	}
	if len(cfg.SIP.Trunks) != 1 || cfg.SIP.Trunks[0].CallerID != "1900" {
		t.Errorf("sip is %+v", cfg.SIP)
	}
}

func TestParseConfigSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "no channel is configured",
		"{}":                              "no channel is configured",
		"fcm:":                            "no channel is configured",
		"fmc: {project: x}":               "line 1: key fmc is unknown",
		"fcm: {project: x, projekt: y}":   "line 1: key projekt is unknown",
		"fcm: [1]":                        "line 1: cannot unmarshal",
		"fcm: {project: x}\n---\nfcm: {}": "more than one document",
		"fcm: {project: x":                "line 1",
		"\x00":                            "control characters",
		strings.Repeat(" ", configMax+1):  "longer than",
	} {
		if _, err := ParseConfig([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "in type") {
			t.Errorf("%.40q: error is %v; want something with %q", text, err, want)
		}
	}
}

func TestLoadConfigNamesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gateway.yaml")
	if _, err := LoadConfig(file); err == nil {
		t.Error("loaded a file that is not there")
	}
	if err := os.WriteFile(file, []byte("nonsense: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig(file); err == nil || !strings.Contains(err.Error(), "gateway.yaml: line 1") {
		t.Errorf("error is %v; want the file and the line", err)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("fcm: {project: x, credentials: y}\nsip: {trunks: []}"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, err := ParseConfig(text)
		if err == nil && cfg.FCM == nil && cfg.SIP == nil && cfg.SMS == nil {
			t.Error("took a configuration without a channel")
		}
		if err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
