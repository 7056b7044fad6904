package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/state"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/authorization.md anew; then read what has changed in it")

const authorizationFile = "testdata/authorization.md"

// caller is a sort of key. Its column is in the table if it has a name.
type caller struct {
	name   string
	header string // all that is sent
	known  bool
	rights state.Rights
	bound  bool // to a team
}

// String names a caller for a failure.
func (c caller) String() string {
	if !c.known {
		return fmt.Sprintf("%.30q", c.header)
	}
	return fmt.Sprintf("%s, bound %v", lettersOf(c.rights), c.bound)
}

var rightLetters = []struct {
	right  state.Rights
	letter string
}{{state.Read, "r"}, {state.Write, "w"}, {state.Delete, "d"}, {state.Configure, "c"}}

// lettersOf names rights as the table does, "-" if there are none.
func lettersOf(rights state.Rights) (letters string) {
	for _, x := range rightLetters {
		if rights&x.right != 0 {
			letters += x.letter
		}
	}
	if letters == "" {
		return "-"
	}
	return letters
}

// everyCaller makes a key of each combination of rights, each bound to a team and not, and adds those who have
// no key that counts.
func (h *hub) everyCaller() []caller {
	h.t.Helper()
	all := []caller{
		{name: "none"},
		{name: "unknown", header: "GenieKey no-such-key"},
		{name: "malformed", header: "GenieKey"},
		{header: "Bearer " + fullKey},
		{header: "basic !!!"},
		{header: fullKey},
		{header: "GenieKey " + strings.Repeat("k", 5000)},
		{name: "disabled", header: "GenieKey " + blockedKey},
	}
	for i, team := range []core.TeamID{"", h.team} {
		for rights := range state.AllRights + 1 {
			secret := fmt.Sprintf("test-key-%d-%d", i, rights)
			hash := sha256.Sum256([]byte(secret))
			must(state.Do(h.t.Context(), h.store, core.Seed{6, byte(i), byte(rights)}, state.PutKey{Name: secret, Hash: hash[:], Rights: rights, Team: team}))
			c := caller{header: "GenieKey " + secret, known: true, rights: rights, bound: team != ""}
			switch rights { // the others are the union of these, which is tested
			case 0, state.Read, state.Write, state.Delete, state.Configure, state.AllRights:
				c.name = lettersOf(rights)
				if c.bound {
					c.name += " team"
				}
			}
			all = append(all, c)
		}
	}
	return all
}

// A rule says what a key needs for some operations, as Opsgenie's documentation and our own design do: not as the
// route table does, against which it is held. The first rule that fits an operation counts.
type authorizationRule struct {
	methods, paths string // regular expressions of the whole
	needs          string // letters of rights, any of which will do; "": no key
	why            string
}

var authorizationRules = []authorizationRule{
	{"GET", `/healthz|/readyz|/openapi\.yaml`, "", "tells nothing of anybody"},
	{"GET", `/keng/v1/feeds/\{id\}\.ics|/keng/v1/attachments/\{token\}|/keng/v1/log-files/\{token\}/\{filename\}`, "", "its address is the secret"},
	{".*", `/v2/heartbeats/\{name\}/ping`, "w", "what pings has the key of an integration"},
	{"GET", `/v[12]/(alerts|incidents|deployments)/requests/\{requestId\}`, "rw", "who has asked may know what became of it"},
	{"POST", `/keng/v1/intake/\{integrationType\}/test`, "rw", "changes nothing, and a tool's own key may try its own body"},
	{"POST", `/v2/integrations/authenticate`, "rwdc", "a tool asks about its own key"},
	{"POST", `/keng/v1/rehearsals`, "r", "changes nothing"},
	{"GET", `/keng/v1/(tokens|checks)(/.*)?`, "c", "has what lets others in, or on to other machines"},
	{"GET", `.*`, "r", "looking is reading"},
	{"DELETE", `/v2/alerts/\{identifier\}|/v1/incidents/\{identifier\}`, "d", "what is deleted has no log any more"},
	{".*", `/v2/alerts/saved-searches(/.*)?`, "c", "belongs to everybody"},
	{".*", `/v2/alerts(/.*)?|/v1/incidents(/.*)?|/v2/deployments(/.*)?|/v1/json/.*`, "w", "the daily work of an integration's key; an account's key can neither create nor close alerts"},
	{".*", `/.*`, "c", "all else is configuration"},
}

// Keys that are bound to a team are refused where an operation is about more than what a team is concerned with:
// everything that is configured, but for heartbeats and integrations, which are the team's own then; and what is told of people's
// addresses and days off, or of the installation.
var (
	boundMayConfigure = regexp.MustCompile(`^/v2/heartbeats(/.*)?$|^/(v2|keng/v1)/integrations(/.*)?$`)
	boundMayNotSee    = regexp.MustCompile(`/contacts|/notification-rules|/reachability|^/keng/v1/(devices|absences|swaps|notices|cluster|agents|catch-all|default-team|lint|rate-limits|feeds$)`)
)

// needsOf returns what a key needs for an operation, and whether one that is bound to a team is refused.
func needsOf(method, path string) (needs state.Rights, whole bool) {
	for _, rule := range authorizationRules {
		if !regexp.MustCompile(`^(`+rule.methods+`)$`).MatchString(method) || !regexp.MustCompile(`^(`+rule.paths+`)$`).MatchString(path) {
			continue
		}
		for _, x := range rightLetters {
			if strings.Contains(rule.needs, x.letter) {
				needs |= x.right
			}
		}
		break
	}
	whole = needs == state.Configure && !boundMayConfigure.MatchString(path) || needs == state.Read && boundMayNotSee.MatchString(path)
	return needs, whole
}

// fate is what becomes of a request: "in" if it is let in, else the code of HTTP and Opsgenie's own.
func (c *caller) fate(needs state.Rights, whole bool) string {
	switch {
	case needs == 0:
		return "in"
	case !c.known:
		return "401"
	case c.rights&needs == 0:
		return "40301"
	case whole && c.bound:
		return "40302"
	}
	return "in"
}

func fateOf(a answer) string {
	switch code, _ := a.body["code"].(float64); { // a 403 without a code is not about the key
	case a.status == http.StatusUnauthorized:
		return "401"
	case a.status == http.StatusForbidden && code != 0:
		return fmt.Sprint(int(code))
	}
	return "in"
}

var parameters = regexp.MustCompile(`\{[^}]*\}`)

// Rule ogapi-1.key.rights.
//
// Every operation times every sort of key: the replies, the rules above and the table that people read agree. An
// operation that is new has no row in the table; -rewrite makes one, to be read before it is committed.
func TestAuthorizationMatrix(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	callers := h.everyCaller()
	wanted, rows := map[string]string{}, []string{}
	if !*rewrite {
		wanted = authorizationRows(t)
	}
	for _, r := range api.Table() {
		needs, whole := needsOf(r.Method, r.Path)
		row, wrong := "", []string{}
		for _, c := range callers {
			got := fateOf(h.knock(r.Method, parameters.ReplaceAllString(r.Path, "x"), c.header))
			if want := c.fate(needs, whole); got != want {
				wrong = append(wrong, fmt.Sprintf("%s: %s, not %s", c, got, want))
			}
			if c.name != "" {
				row += " " + got + " |"
			}
		}
		if len(wrong) > 0 {
			t.Errorf("%s %s is not as the rules say, by %s", r.Method, r.Path, strings.Join(wrong, "; "))
		}
		operation := "`" + r.Path + "` " + r.Method
		rows = append(rows, "| "+operation+" |"+row)
		if !*rewrite && wanted[operation] != row {
			t.Errorf("%s %s: the replies are%s and %s has %q: has it been decided who may call it?", r.Method, r.Path, row, authorizationFile, wanted[operation])
		}
		delete(wanted, operation)
	}
	for gone := range wanted {
		t.Errorf("%s is in %s, but not in the route table", gone, authorizationFile)
	}
	if *rewrite {
		slices.Sort(rows)
		writeAuthorization(t, callers, rows)
	}
}

// knock makes a request of which only matters whether it is let in. By Jira Service Management's door it must be
// the same as by the other.
func (h *hub) knock(method, path, header string) answer {
	h.t.Helper()
	h.lenient = true
	var first answer
	for i, door := range []string{"", "/jsm/ops/integration"} {
		if door != "" && !strings.HasPrefix(path, "/v2/") {
			break
		}
		r := newRequest(method, door+path, "{}", "Authorization", header)
		w := h.serve(r)
		if i == 0 {
			first = w
		} else if fateOf(w) != fateOf(first) {
			h.t.Errorf("%s %s with %.40q: %s, but %s by %s", method, path, header, fateOf(first), fateOf(w), door)
		}
	}
	return first
}

func authorizationRows(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(authorizationFile)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if operation, row, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "| "), " |"); ok && strings.HasPrefix(operation, "`") {
			rows[operation] = row
		}
	}
	return rows
}

func writeAuthorization(t *testing.T, callers []caller, rows []string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(`# Who may call what

Written by ` + "`go test ./hub/api -run TestAuthorizationMatrix -rewrite`" + `; the test holds it against the replies and against
its own rules. *in*: the request is let in. *401*: the key is missing, malformed, not known, or its integration is
disabled. *40301* and *40302*: HTTP 403 with that code: the key lacks the right, or it is bound to a team and the
operation is about everybody.

A key's rights are r (read), w (create and change alerts), d (delete alerts) and c (configure), - for none; one with
several may do what each of them allows. *team*: the key is bound to a team.

What a key that is bound to a team may do inside of an operation that lets it in:

- The alerts that it creates are the team's, whatever responders the request names.
- It sees and changes alerts of all teams. Aliases belong to the account, and policies may hand an alert to another
  team: what the key has opened it must be able to close.
- It sees the schedules of its team and those of no team. Another team's are 403 with code 40301, and left out of lists.
- Of heartbeats and integrations it sees and changes the team's alone, and those that it creates are the team's.

| operation |`)
	line := "|---|"
	for _, c := range callers {
		if c.name != "" {
			b.WriteString(" " + c.name + " |")
			line += "---|"
		}
	}
	b.WriteString("\n" + line + "\n" + strings.Join(rows, "\n") + "\n")
	if err := os.WriteFile(authorizationFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Rule ogapi-1.key.ways.
//
// A key may be given in three ways, and each gives the rights of that key and no others.
func TestAuthorizationIsTheSameByEachWay(t *testing.T) {
	h := newHub(t)
	h.lenient = true
	basic := func(s string) string { return "basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, operation := range []string{"POST /v2/alerts", "GET /v2/alerts", "DELETE /v2/alerts/x", "POST /v2/users", "GET /keng/v1/devices", "GET /v2/heartbeats/x/ping"} {
		method, path, _ := strings.Cut(operation, " ")
		for _, key := range []string{fullKey, readKey, writeKey, setupKey, teamKey, blockedKey, "unknown"} {
			want := fateOf(h.knock(method, path, "GenieKey "+key))
			for way, a := range map[string]answer{
				"basic":                  h.knock(method, path, basic(key)),
				"apiKey":                 h.knock(method, path+"?apiKey="+key, ""),
				"apiKey and an odd name": h.knock(method, path+"?apiKey="+key, "Bearer x"),
			} {
				if got := fateOf(a); got != want {
					t.Errorf("%s with %s as %s: %s, as a GenieKey %s", operation, key, way, got, want)
				}
			}
			// The header counts if there are two keys.
			if got := fateOf(h.knock(method, path+"?apiKey="+fullKey, "GenieKey "+key)); got != want {
				t.Errorf("%s with %s in the header and another key in the query: %s, want %s", operation, key, got, want)
			}
		}
	}
}

// In the body a key counts where the scripts of tools put it, and nowhere else: a body is kept and shown as a key
// never is.
func TestKeysInBodiesCountForToolsAlone(t *testing.T) {
	h := newHub(t)
	for _, r := range api.Table() {
		if r.Right == 0 || r.Method == "GET" || r.Method == "DELETE" {
			continue
		}
		a := h.serve(newRequest(r.Method, parameters.ReplaceAllString(r.Path, "nagios"), `{"apiKey":"`+fullKey+`"}`, "Authorization", ""))
		if counts := strings.HasPrefix(r.Path, "/v1/json/"); (a.status == http.StatusUnauthorized) == counts {
			t.Errorf("%s %s: HTTP %d: %s", r.Method, r.Path, a.status, a.raw)
		}
	}
}
