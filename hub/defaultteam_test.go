package main

import (
	"testing"

	"keng/hub/client"
)

// The team that answers for what names nobody is named, shown and taken away by commands alone.
func TestDefaultTeam(t *testing.T) {
	h, _ := rota(t)
	c, err := client.New(h.url, workKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"net", "web"} {
		if _, err := c.CreateTeam(t.Context(), client.NewTeam{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	h.want(0, "default-team", `^None: .*\nTo name one: keng-hub default-team set TEAM`)
	h.want(0, "default-team set net", `^Team net answers when agents fall silent`)
	h.want(0, "default-team show", `^Team net answers`)
	var shown client.Thing
	h.json("default-team show --json", &shown)
	if shown.Name != "net" || shown.ID == "" {
		t.Errorf("shown as JSON it is %+v", shown)
	}
	h.want(1, "default-team set ghost", `ghost`)
	h.want(2, "default-team set", `team`)
	h.want(0, "default-team set "+shown.ID, `^Team net`)
	h.want(0, "default-team none", `^There is no default team`)
	h.want(1, "default-team none", `There is no default team`)
}
