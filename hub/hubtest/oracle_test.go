package hubtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/api/oracle"
	"keng/hub/client"
	"keng/hub/hubtest"
)

// Random sequences of calls, written at one node and read at another, have the outcome that a simple model of the
// alerts API has. On one node in memory hub/api does the same many times.
func TestRandomCallsOfThreeNodesAgreeWithTheModel(t *testing.T) {
	for _, nodes := range []string{"ab", "bc"} {
		synctest.Test(t, func(t *testing.T) {
			if err := oracle.Play(played(t, nodes[:1], nodes[1:]), oracle.Steps(uint64(nodes[0]), 50)); err != nil {
				t.Fatalf("written at %s, read at %s: %v", nodes[:1], nodes[1:], err)
			}
		})
	}
}

// played starts three nodes for the oracle, whose calls write at one and read at another.
func played(t *testing.T, write, read string) *oracle.Hub {
	t.Helper()
	c := hubtest.New(t, 1, "a", "b", "c")
	ctx, hub := t.Context(), c.API(write)
	id := func(id string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	user := id(hub.CreateUser(ctx, client.NewUser{Username: "lan@example.vn", FullName: "Lan", Role: client.Thing{Name: "User"}}))
	team := id(hub.CreateTeam(ctx, client.NewTeam{Name: "network"}))
	up := id(hub.CreateEscalation(ctx, client.NewEscalation{Name: "up", Rules: []client.EscalationRule{{
		Condition: "if-not-acked", Delay: client.Seconds(time.Hour), Recipient: client.Party{Type: "user", Username: "lan@example.vn"},
	}}}))
	web := &http.Client{Transport: c.Transport()}
	at := func(node string) func(string, string, string) oracle.Reply {
		return func(method, target, body string) oracle.Reply {
			t.Helper()
			r, err := http.NewRequestWithContext(ctx, method, "http://"+node+target, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "GenieKey "+c.Key())
			res, err := web.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			raw, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			reply := oracle.Reply{Status: res.StatusCode}
			if err := json.Unmarshal(raw, &reply.Body); err != nil {
				t.Fatalf("%s %s: %v: %s", method, target, err, raw)
			}
			return reply
		}
	}
	at(write)("POST", "/v2/alerts", `{"message":"from where does it come?","alias":"first"}`)
	first, _ := at(write)("GET", "/v2/alerts/first?identifierType=alias", "").Body["data"].(map[string]any)
	source, _ := first["source"].(string)
	at(write)("DELETE", "/v2/alerts/first?identifierType=alias", "")
	return &oracle.Hub{
		Write: at(write), Read: at(read), Now: time.Now, Source: source,
		User: oracle.Named{ID: user, Name: "lan@example.vn"}, Team: oracle.Named{ID: team, Name: "network"}, Escalation: oracle.Named{ID: up, Name: "up"},
	}
}
