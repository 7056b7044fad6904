package api_test

import (
	"strings"
	"testing"

	"keng/hub/api"
)

// findings says what a reply tells, a check and a thing a word.
func findings(a answer) string {
	var words []string
	all, _ := a.data("findings").([]any)
	for _, f := range all {
		f := f.(map[string]any)
		about := f["about"].(map[string]any)
		name, _ := about["name"].(string)
		words = append(words, f["severity"].(string)+" "+f["check"].(string)+" "+strings.TrimSuffix(name, "@example.vn"))
	}
	return strings.Join(words, ", ")
}

// seen is the answer to a GET with the key that may see everything.
func (h *hub) seen(target string) answer { return h.with(readKey, "GET", target, "") }

// What is wrong is told in the language and from the severity on that were asked for, to keys
// that may see everything.
func TestLint(t *testing.T) {
	h := planned(t)
	h.made("/v2/escalations", `{"name":"esc","ownerTeam":{"name":"Mạng"},"rules":[{"condition":"if-not-acked","notifyType":"default","delay":{"timeAmount":0},"recipient":{"type":"schedule","name":"rota"}}]}`)
	const path = "/keng/v1/lint"
	if got := findings(h.seen(path + "?severity=error")); !strings.Contains(got, "error person-not-loud an") || strings.Contains(got, "hint ") || strings.Contains(got, "warning ") {
		t.Errorf("the errors are %s", got)
	}
	got := findings(h.seen(path))
	for _, part := range []string{"warning escalation-one-step esc", "hint escalation-unused esc", "hint public-url-missing"} {
		if !strings.Contains(got, part) {
			t.Errorf("there is no %s in %s", part, got)
		}
	}
	if text := h.seen(path + "?language=vi").raw; !strings.Contains(text, "email không đánh thức được ai") {
		t.Errorf("in Vietnamese it says %s", text)
	}
	if looked, _ := h.seen(path).data("looked").(map[string]any); looked["weeks"] != 8.0 || looked["things"].(map[string]any)["schedule"] != 1.0 {
		t.Errorf("looked at %v", looked)
	}
	h.want(h.with(teamKey, "GET", path, ""), 403)
	h.lenient = true
	if a := h.seen(path + "?severity=fatal"); a.status != 422 && a.status != 400 || !strings.Contains(a.raw, "must be one of: hint, warning, error") {
		t.Errorf("a severity that there is not: %d %s", a.status, a.raw)
	}
}

// The hub says its public address to the linter.
func TestLintKnowsThePublicURL(t *testing.T) {
	h := newHub(t, func(o *api.Options) { o.PublicURL = "https://keng.example.vn" })
	if got := findings(h.seen("/keng/v1/lint")); !strings.Contains(got, "warning public-url-go-clients") {
		t.Errorf("it says %s", got)
	}
}
