package e2e

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keng/hub/client"
	"keng/proto/link"
)

// authority opens the cluster's certificate authority in a hub's data directory, as
// somebody could who has the disk and the master key.
func (h *hub) authority() link.Authority {
	h.t.Helper()
	var file struct {
		Certificate []byte `json:"certificate"`
		SealedKey   []byte `json:"sealed_key"`
	}
	text, err := os.ReadFile(filepath.Join(h.dir, "authority.json"))
	hexed, keyErr := os.ReadFile(filepath.Join(h.dir, "master.key"))
	if err := errors.Join(err, keyErr, json.Unmarshal(text, &file)); err != nil {
		h.t.Fatal(err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(hexed)))
	if err != nil {
		h.t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		h.t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		h.t.Fatal(err)
	}
	secret, err := aead.Open(nil, nil, file.SealedKey, []byte("certificate authority"))
	if err != nil {
		h.t.Fatal(err)
	}
	authority, err := link.ParseAuthority(file.Certificate, secret)
	if err != nil {
		h.t.Fatal(err)
	}
	return authority
}

// age makes the certificate in a data directory one that ended so long ago.
func (h *hub) age(dir string, ago time.Duration) {
	h.t.Helper()
	identity := filepath.Join(dir, "identity")
	own, err := link.LoadCredentials(identity)
	if err != nil {
		h.t.Fatal(err)
	}
	peer, err := own.Peer()
	if err != nil {
		h.t.Fatal(err)
	}
	old, err := h.authority().Credentials(peer, time.Now().Add(-ago-link.DefaultLifetime), link.DefaultLifetime)
	if err == nil {
		err = link.SaveCredentials(identity, old)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// e: an agent that was off for longer than its certificate lives comes back by itself.
func TestStoryCertificateExpired(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	site := newSite(t)
	site.stop()
	dir := h.joinAgent("shop")
	h.age(dir, 24*time.Hour)
	agent := h.startAgent(dir, "- {name: website, kind: http, target: %q, every: 200ms, fail_after: 2, priority: P1}", site.url)
	h.waitFor("branch-3/website", "open")
	own, err := link.LoadCredentials(filepath.Join(dir, "identity"))
	if err != nil {
		t.Fatal(err)
	}
	if leaf, err := own.Leaf(); err != nil || time.Until(leaf.NotAfter) < 6*24*time.Hour {
		t.Errorf("its certificate is good until %v, %v", leaf.NotAfter, err)
	}
	agent.kill()

	// After 90 days a person is needed, and the agent says so.
	h.age(dir, 91*24*time.Hour)
	agent = h.startAgent(dir, "- {name: website, kind: http, target: %q, every: 200ms}", site.url)
	eventually(t, "it says what to do", func() bool {
		return strings.Contains(agent.out.String(), "more than 90 days ago: let this machine join again with a token")
	})
}

// f: a wrong token is refused with a sentence, and leaves nothing on the disk.
func TestStoryWrongToken(t *testing.T) {
	t.Parallel()
	h, other := startHub(t), startHub(t)
	env := []string{"KENG_URL=" + h.url, "KENG_API_KEY=" + h.key}
	make := func(args ...string) string {
		t.Helper()
		code, out, errs := once(t, env, "hub", append([]string{"token", "create"}, args...)...)
		if code != 0 {
			t.Fatal(out, errs)
		}
		return strings.TrimSpace(out)
	}
	used := make()
	if code, _, errs := once(t, nil, "agent", "join", "--hub", h.link, "--token", used, "--data-dir", t.TempDir()); code != 0 {
		t.Fatal(errs)
	}
	revoked := make()
	if code, out, errs := once(t, env, "hub", "token", "revoke", strings.Split(revoked, ".")[1]); code != 0 || !strings.Contains(out, "is revoked") {
		t.Fatal(out, errs)
	}
	expired := make("--lifetime", "1ms")
	elsewhere := make("--network", "192.0.2.0/24", "--network", "2001:db8::/32")
	here := make("--network", "127.0.0.0/8", "--label", "site=branch-3,role=till", "--note", "till 7")
	gateway := make("--kind", "gateway")
	unknown := strings.Split(here, ".")
	unknown[1] = "0123456789abcdef"
	for what, c := range map[string]struct{ token, says string }{
		"no token":              {"hello", "was it copied whole?"},
		"one of another secret": {strings.Join(unknown, "."), "this token is not known here"},
		"used up":               {used, "this token has been used already: make one with `keng-hub token create`"},
		"revoked":               {revoked, "this token has been revoked"},
		"expired":               {expired, "this token has expired"},
		"of another network":    {elsewhere, "may be used only from 192.0.2.0/24, 2001:db8::/32, and this machine comes from 127.0.0.1"},
		"for a gateway":         {gateway, "is for joining as a gateway, not as an agent"},
		"of another cluster":    {other.token(), "not of the cluster that the token was made for"},
	} {
		dir := t.TempDir()
		code, out, errs := once(t, nil, "agent", "join", "--hub", h.link, "--token", c.token, "--data-dir", dir)
		if code != 1 || !strings.Contains(errs, c.says) || strings.Contains(errs, c.token) {
			t.Errorf("%s: exit %d, %q %q", what, code, out, errs)
		}
		if left := filesIn(t, dir); len(left) > 0 {
			t.Errorf("%s: it left %v", what, left)
		}
	}
	if code, _, errs := once(t, nil, "agent", "join", "--hub", h.link, "--token", here, "--name", "till-7", "--data-dir", t.TempDir()); code != 0 {
		t.Error(errs)
	}
	code, out, errs := once(t, env, "hub", "token", "list")
	if code != 0 || strings.Contains(out, strings.Split(revoked, ".")[2]) {
		t.Error(errs, out)
	}
	for _, want := range []string{"used up", "revoked", "expired", "192.0.2.0/24,2001:db8::/32", "role=till,site=branch-3", "till 7"} {
		if !strings.Contains(out, want) {
			t.Errorf("token list does not say %q:\n%s", want, out)
		}
	}
	if code, out, _ := once(t, env, "hub", "peer", "list"); code != 0 || !strings.Contains(out, "till-7") || !strings.Contains(out, "role=till,site=branch-3") {
		t.Errorf("peer list: %s", out)
	}
}

func filesIn(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// joinAgent joins an agent and returns its data directory.
func (h *hub) joinAgent(name string) string {
	h.t.Helper()
	dir := h.t.TempDir()
	if code, _, errs := once(h.t, nil, "agent", "join", "--hub", h.link, "--token", h.token(), "--name", name, "--data-dir", dir); code != 0 {
		h.t.Fatalf("join: %d %s", code, errs)
	}
	return dir
}

// startAgent runs the agent of a data directory with one check.
func (h *hub) startAgent(dir, check string, args ...any) *process {
	h.t.Helper()
	config := filepath.Join(dir, "agent.yaml")
	text := "site: branch-3\nprobes: []\nchecks:\n  " + fmt.Sprintf(check, args...) + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return run(h.t, nil, "agent", "run", "--config", config, "--data-dir", dir)
}

// peer returns the agent or gateway of a name, as this node sees it.
func (h *hub) peer(name string) client.Peer {
	h.t.Helper()
	peers, err := h.client().Peers(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, p := range peers {
		if p.Name == name {
			return p
		}
	}
	return client.Peer{}
}

// An agent that is revoked is cut off within two seconds, whichever node holds it, is told
// why, and cannot come back.
func TestStoryRevokedAgentIsCutOff(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	site := newSite(t)
	agent := c[0].startAgent(c[0].joinAgent("laptop"), "- {name: website, kind: http, target: %q, every: 200ms, fail_after: 2}", site.url)
	agent.kill() // it knows all nodes by now, or joins the first again
	agent = agent.again()
	var holder *hub
	eventually(t, "it is connected", func() bool {
		for _, h := range c {
			if h.peer("laptop").Connection != nil {
				holder = h
			}
		}
		return holder != nil
	})
	asked := c[0] // another node than the one that holds it
	if holder == asked {
		asked = c[1]
	}
	begun := time.Now()
	env := []string{"KENG_URL=" + asked.url, "KENG_API_KEY=" + c[0].key}
	if code, out, errs := once(t, env, "hub", "peer", "revoke", c[0].peer("laptop").ID, "--reason", "stolen on Monday"); code != 0 {
		t.Fatal(out, errs)
	}
	eventually(t, "it is cut off", func() bool { return holder.peer("laptop").Connection == nil })
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("it was cut off after %s", took)
	}
	eventually(t, "it says why", func() bool { return strings.Contains(agent.out.String(), "stolen on Monday") })
	site.stop()
	agent.kill()
	agent = agent.again() // patience is not what keeps it away
	eventually(t, "it is refused again", func() bool { return strings.Contains(agent.out.String(), "refused: it was revoked on") })
	eventually(t, "it has seen the outage", func() bool { return strings.Contains(agent.out.String(), "STATE_DOWN") })
	for _, h := range c {
		if code, body := h.call("GET", "/v2/alerts", ""); code != 200 || strings.Contains(body, "branch-3/website") || h.peer("laptop").Connection != nil {
			t.Errorf("node %s has taken its event, or lets it in: %d %s", h.id, code, body)
		}
	}
}

// The authority of a cluster is changed while it works: an agent and the nodes follow, also
// over restarts, and a node joins afterwards.
func TestStoryAuthorityIsChanged(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	env := []string{"KENG_URL=" + c[0].url, "KENG_API_KEY=" + c[0].key}
	rotate := func(args ...string) (int, string) {
		code, out, errs := once(t, env, "hub", append([]string{"cluster", "rotate-authority"}, args...)...)
		return code, out + errs
	}
	site := newSite(t)
	dir := c[0].joinAgent("shop")
	old := c[0].token()
	agent := c[0].startAgent(dir, "- {name: website, kind: http, target: %q, every: 200ms, fail_after: 2}", site.url)
	away := c[0].joinAgent("away") // never runs meanwhile
	if code, out := rotate("--finish"); code != 1 || !strings.Contains(out, "No change of the authority is under way") {
		t.Errorf("to finish what was not begun: %d %s", code, out)
	}
	if code, out := rotate(); code != 0 {
		t.Fatal(out)
	}
	eventually(t, "the agent has a certificate of the new authority, and only the other one stands in the way", func() bool {
		_, out := rotate("--status")
		return strings.Contains(out, "1 agents or gateways have no certificate") && strings.Contains(out, "agent away")
	})
	c[2].kill() // a node that has followed so far restarts with both
	c[2].restart()
	if code, out := rotate("--finish"); code != 1 || !strings.Contains(out, "agent away") {
		t.Errorf("to finish though an agent is behind: %d %s", code, out)
	}
	eventually(t, "it is finished", func() bool {
		code, _ := rotate("--finish", "--force")
		return code == 0
	})
	eventually(t, "nothing is left of the old one", func() bool {
		_, out := rotate("--status")
		return strings.Contains(out, "It is not being changed.")
	})
	for _, h := range c {
		h.kill()
		h.restart()
	}
	env[0] = "KENG_URL=" + c[0].url
	site.stop()
	c[0].waitFor("branch-3/website", "open")
	if strings.Contains(agent.out.String(), "join again") {
		t.Error("the agent was to join again")
	}
	late := c[0].startAgent(away, "- {name: other, kind: http, target: %q, every: 200ms}", site.url)
	eventually(t, "who was away says that it cannot trust the cluster", func() bool { return strings.Contains(late.out.String(), "certificate") })
	for token, want := range map[string]int{old: 1, c[0].token(): 0} {
		if code, _, errs := once(t, nil, "agent", "join", "--hub", c[1].link, "--token", token, "--data-dir", t.TempDir()); code != want {
			t.Errorf("join: exit %d, want %d: %s", code, want, errs)
		}
	}
	token, err := c[0].client().CreateNodeToken(t.Context(), 1, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	fourth := newHub(t, "n4", c[0].key, "--join", c[1].raft, "--join-token", token)
	fourth.restart()
	eventually(t, "a fourth node joins", func() bool { return c[0].status().Quorum.Voters == 4 })
}
