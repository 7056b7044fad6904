package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"keng/hub/client"
)

// A tool is let in, kept out, given another key and put out by commands alone.
func TestIntegrationCommands(t *testing.T) {
	h := startHub(t)
	allowed := func(key string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/v2/alerts", strings.NewReader(`{"message":"m"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "GenieKey "+key)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	// key runs a command that prints a key, alone, and tells people on standard error what it is for.
	key := func(words ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), append(words, "--url", h.url, "--key", workKey), &out, &errs); code != 0 {
			t.Fatalf("%v: %s", words, &errs)
		}
		key := strings.TrimSpace(out.String())
		if len(key) != 36 || strings.Contains(errs.String(), key) || !strings.Contains(errs.String(), "The key of integration nagios hanoi, type API.") {
			t.Fatalf("%v: %q, and %q", words, &out, &errs)
		}
		return key
	}
	h.want(0, "integration", `^NAME +TYPE +LET IN +ID\nbootstrap +API +yes +\S+\n$`) // the key that this test has
	first := key("integration", "create", "--type", "api", "--name", "nagios hanoi")
	if allowed(first) != http.StatusAccepted {
		t.Error("the key is not let in")
	}
	h.want(0, "integration list", `(?m)^nagios hanoi +API +yes +\S+$`)
	if code, said := h.run("integration", "show", "nagios hanoi"); code != 0 || !strings.Contains(said, "Its key may: read, write. Owned by: nobody.") || !strings.Contains(said, "it has no actions: everything creates an alert") {
		t.Errorf("%d %s", code, said)
	}
	if code, said := h.run("integration", "disable", "nagios hanoi"); code != 0 || said != "nagios hanoi is kept out: what it sends is refused.\n" || allowed(first) != http.StatusUnauthorized {
		t.Errorf("%d %s", code, said)
	}
	if code, said := h.run("integration", "enable", "nagios hanoi"); code != 0 || said != "nagios hanoi is let in.\n" || allowed(first) != http.StatusAccepted {
		t.Errorf("%d %s", code, said)
	}
	second := key("integration", "new-key", "nagios hanoi")
	if allowed(first) != http.StatusUnauthorized || allowed(second) != http.StatusAccepted {
		t.Error("the new key does not take the place of the old one")
	}
	if code, said := h.run("integration", "delete", "nagios hanoi"); code != 2 || !strings.Contains(said, "add --yes") || allowed(second) != http.StatusAccepted {
		t.Errorf("%d %s", code, said)
	}
	if code, said := h.run("integration", "delete", "--yes", "nagios hanoi"); code != 0 || !strings.Contains(said, "is gone") || allowed(second) != http.StatusUnauthorized {
		t.Errorf("%d %s", code, said)
	}
	h.want(1, "integration delete --yes nagios", `there is no integration "nagios"`)

	c, err := client.New(h.url, workKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateTeam(t.Context(), client.NewTeam{Name: "it"}); err != nil {
		t.Fatal(err)
	}
	h.want(0, "integration create --type API --name reader --team it --read", `^The key of integration reader, type API\. Keep it: it is not shown again\.\n\S{36}\n$`)
	h.want(0, "integration create --type Nagios --name watched-by-nobody", `(?m)^It has no team: nobody is told of what it sends`)
	h.want(0, "integration show reader", `Its key may: read\. Owned by: team it\.`)
	h.want(1, "integration create --type API --name reader", `Integration \[reader\] exists already`)
	h.want(1, "integration create --type Email --name mail", `Email is not served yet`)
	h.want(2, "integration create --type API", `--name`)
	var shown struct{ Integration client.IntegrationDetail }
	h.json("integration show reader --json", &shown)
	if i := shown.Integration; i.Name != "reader" || i.Write || !i.Read {
		t.Errorf("%+v", i)
	}

	// The key with which a cluster begins can be replaced like any other.
	h.want(0, "integration show bootstrap", `Its key may: read, write, delete, configure\.`)
	code, said := h.run("integration", "new-key", "bootstrap")
	if lines := strings.Split(said, "\n"); code != 0 || len(lines) < 2 || allowed(lines[1]) != http.StatusAccepted {
		t.Errorf("%d %s", code, said)
	}
	h.want(1, "integration", "not known, or it is disabled")
}
