package main

import "testing"

// A person is muted for a while, or until a moment, and called again, by commands alone.
func TestMute(t *testing.T) {
	h, _ := rota(t)
	h.want(0, "mute an@example.vn --for 2h", `^an@example\.vn is not paged until \w{3} .* \+00:00, and whoever is next`)
	h.want(1, "mute an@example.vn --until 2001-01-01T00:00:00Z", `is not in the future; to end a mute: keng-hub unmute an@example\.vn`)
	h.want(1, "mute an@example.vn --for 9000h", `within a year`)
	h.want(1, "mute ghost@example.vn --for 1h", `ghost@example\.vn`)
	h.want(2, "mute an@example.vn", `--for`)
	h.want(2, "mute an@example.vn --for 1h --until 2101-01-01T00:00:00Z", `--for|--until`)
	var shown struct{ Username, MutedUntil string }
	h.json("mute an@example.vn --for 1h --json", &shown)
	if shown.Username != "an@example.vn" || shown.MutedUntil == "" {
		t.Errorf("shown as JSON it is %+v", shown)
	}
	h.want(0, "unmute an@example.vn", `^an@example\.vn is not muted\.`)
	h.want(0, "unmute an@example.vn --json", `"username": ?"an@example\.vn"`)
}
