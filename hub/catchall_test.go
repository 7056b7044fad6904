package main

import "testing"

// Who is called in the end is named, shown and taken away by commands alone.
func TestCatchAll(t *testing.T) {
	h, _ := rota(t)
	h.want(0, "catch-all", `^Nobody: .*\nTo name somebody: keng-hub catch-all set`)
	h.want(0, "catch-all set user:lan@example.vn --min-priority P2", `^user lan@example\.vn is called for an alert of P2 or graver, 5m0s after`)
	h.want(0, "catch-all set schedule:it-rota --after 0s", `^schedule it-rota is called for any alert, 0s after`)
	h.want(0, "catch-all show", `^schedule it-rota is called`)
	var shown struct {
		Responder struct{ Type, Name string }
	}
	h.json("catch-all show --json", &shown)
	if shown.Responder.Type != "schedule" || shown.Responder.Name != "it-rota" {
		t.Errorf("shown as JSON it is %+v", shown)
	}
	h.want(1, "catch-all set user:ghost@example.vn", `ghost@example\.vn`)
	h.want(1, "catch-all set team:x --after 48h", `24 hours`)
	h.want(2, "catch-all set lan", `must be user:NAME`)
	h.want(0, "catch-all none", `^Nobody is called in the end`)
	h.want(1, "catch-all none", `There is no catch-all`)
}
