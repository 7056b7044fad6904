package api_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/core/reach"
	"keng/hub/core/route"
	"keng/hub/intake"
	"keng/hub/state"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// memStore is a state.Store in memory: one node, no Raft.
type memStore struct {
	mu      sync.Mutex
	machine *state.Machine
	tx      *tabletest.Tx
	now     time.Time
	results map[[16]byte][]byte // by the id of the command
	latest  int                 // views that asked for the newest state
	// fault, if set, may refuse an update before (false) or after (true) it was done.
	fault func(done bool) error
	// hold, if set, has updates wait until it is closed; refuse, if set, may refuse one by its command.
	hold   chan struct{}
	refuse func(command []byte) error
}

var _ state.Store = (*memStore)(nil)

func newStore() *memStore {
	return &memStore{machine: state.New(time.LoadLocation), tx: tabletest.NewTx(), now: time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC),
		results: map[[16]byte][]byte{}}
}

func (s *memStore) Update(ctx context.Context, id [16]byte, command []byte) ([]byte, error) {
	if s.hold != nil {
		<-s.hold
	}
	if s.refuse != nil {
		if err := s.refuse(command); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != nil {
		if err := s.fault(false); err != nil {
			return nil, err
		}
	}
	out, done := s.results[id]
	if !done {
		s.now = s.now.Add(1234 * time.Millisecond)
		err := s.tx.Run(func(tx *tabletest.Tx) (err error) {
			out, err = s.machine.Handle(tx, s.now, command)
			return err
		})
		if err != nil {
			return nil, err
		}
		s.results[id] = out
	}
	if s.fault != nil {
		if err := s.fault(true); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *memStore) View(ctx context.Context, latest bool, f func(table.Reader) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if latest {
		s.latest++
	}
	return f(s.tx)
}

// memBlobs is an api.Blobs in memory.
type memBlobs struct {
	mu   sync.Mutex
	kept map[[32]byte][]byte
	down error // nil: it works
}

func (b *memBlobs) PutBlob(_ context.Context, r io.Reader) (hash [32]byte, size int64, err error) {
	content, err := io.ReadAll(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err = cmp.Or(err, b.down); err != nil {
		return hash, 0, err
	}
	hash = sha256.Sum256(content)
	b.kept[hash] = content
	return hash, int64(len(content)), nil
}

type memBlob struct{ *bytes.Reader }

func (memBlob) Close() error { return nil }

func (b *memBlobs) OpenBlob(_ context.Context, hash [32]byte) (io.ReadSeekCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	content, ok := b.kept[hash]
	if !ok || b.down != nil {
		return nil, &core.Error{Kind: core.Unavailable, Words: "it cannot be had now"}
	}
	return memBlob{bytes.NewReader(content)}, nil
}

// hub is an API over a store in memory, with keys, people and a team.
type hub struct {
	t     testing.TB
	store *memStore
	blobs *memBlobs
	api   *api.API
	team  core.TeamID
	user  core.UserID
	// lenient: the test sends what the contract does not promise to take.
	lenient bool
	tokens  int // made so far
	pings   int // heard so far
	waits   int // so far, for what is due
}

// The keys of the tests. They are made for them and open nothing else.
const (
	fullKey    = "test-full-key"
	readKey    = "test-read-key"
	writeKey   = "test-write-key"
	setupKey   = "test-configure-key"
	teamKey    = "test-team-bound-key"
	blockedKey = "test-disabled-key"
)

func newHub(t testing.TB, options ...func(*api.Options)) *hub {
	h := &hub{t: t, store: newStore(), blobs: &memBlobs{kept: map[[32]byte][]byte{}}}
	o := api.Options{
		Store: h.store, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return h.store.now }, // tests tell one time, whenever they are run
		MakeToken: func(ctx context.Context, wanted api.TokenSpec) (string, error) {
			h.tokens++
			id := core.Seed{1}.ID("token", h.tokens)
			hash := sha256.Sum256([]byte(id))
			_, err := state.Do(ctx, h.store, core.Seed{9, byte(h.tokens)}, state.CreateToken{
				ID: id, Hash: hash[:], Uses: wanted.Uses, Lifetime: wanted.Lifetime,
				Kind: wanted.Kind, Networks: wanted.Networks, Labels: wanted.Labels, Note: wanted.Note,
			})
			return "secret-" + id, err
		},
	}
	o.HeardPing = func(ctx context.Context, name string, team core.TeamID) {
		h.pings++
		if _, err := state.FindHeartbeat(h.store.tx, name, team); err == nil {
			must(state.Do(ctx, h.store, core.Seed{8, byte(h.pings)}, state.PingHeartbeats{Pings: []state.Ping{{Name: name, At: h.store.now}}}))
		}
	}
	o.Rehearse = func(_ context.Context, r state.Rehearsal) (out *state.Rehearsed, err error) {
		_ = h.store.tx.Run(func(tx *tabletest.Tx) error {
			out, err = h.store.machine.Rehearse(tx, r, nil)
			return errors.New("thrown away")
		})
		return out, err
	}
	o.ReadTool = intake.Read
	o.Blobs, o.LinkKey = h.blobs, [32]byte{7}
	for _, f := range options {
		f(&o)
	}
	var err error
	if h.api, err = api.New(o); err != nil {
		t.Fatal(err)
	}
	user := must(state.Do(t.Context(), h.store, core.Seed{2}, state.PutUser{User: reach.User{Username: "lan@example.vn", FullName: "Lan", Language: "vi",
		Zone: "Asia/Ho_Chi_Minh", Contacts: []reach.Contact{{Kind: "push", Address: "token-1"}}}}))
	team := must(state.Do(t.Context(), h.store, core.Seed{3}, state.PutTeam{Team: route.Team{Name: "Mạng", Rules: []route.Rule{{}}}}))
	h.user, h.team = user.ID, team.ID
	for i, k := range []struct {
		secret string
		rights state.Rights
		team   core.TeamID
	}{
		{fullKey, state.AllRights, ""}, {readKey, state.Read, ""}, {writeKey, state.Write, ""}, {setupKey, state.Configure, ""},
		{teamKey, state.AllRights, team.ID}, {blockedKey, state.AllRights, ""},
	} {
		hash := sha256.Sum256([]byte(k.secret))
		must(state.Do(t.Context(), h.store, core.Seed{4, byte(i)}, state.PutKey{Name: k.secret, Hash: hash[:], Rights: k.rights, Team: k.team}))
	}
	blocked, ok := state.FindKey(h.store.tx, blockedKey)
	if !ok {
		t.Fatal("the key to be disabled is not there")
	}
	blocked.Disabled = true
	if err := state.Keys.Put(h.store.tx, blocked); err != nil {
		t.Fatal(err)
	}
	return h
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// answer is a reply, taken apart.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// data returns a member of the reply's data.
func (a answer) data(name string) any {
	d, _ := a.body["data"].(map[string]any)
	return d[name]
}

// list returns the reply's data as a list of objects.
func (a answer) list() []map[string]any {
	var out []map[string]any
	items, _ := a.body["data"].([]any)
	for _, i := range items {
		out = append(out, i.(map[string]any))
	}
	return out
}

// wrong returns what the reply says of a field.
func (a answer) wrong(field string) string {
	e, _ := a.body["errors"].(map[string]any)
	s, _ := e[field].(string)
	return s
}

// call makes a request with the full key and checks the exchange against the contract.
func (h *hub) call(method, target, body string) answer {
	h.t.Helper()
	return h.with(fullKey, method, target, body)
}

func (h *hub) with(key, method, target, body string) answer {
	h.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.7:5555"
	if key != "" {
		r.Header.Set("Authorization", "GenieKey "+key)
	}
	return h.send(r)
}

func (h *hub) send(r *http.Request) answer {
	h.t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	a := h.serve(r)
	h.checkContract(r, string(body), a)
	return a
}

// serve makes a request and checks what holds for every reply.
func (h *hub) serve(r *http.Request) answer {
	h.t.Helper()
	w := httptest.NewRecorder()
	h.api.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	if strings.HasPrefix(a.header.Get("Content-Type"), "application/json") && r.Method != http.MethodHead {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			h.t.Fatalf("%s %s: the reply is not JSON: %v\n%s", r.Method, r.URL, err, a.raw)
		}
		if a.body["requestId"] != a.header.Get("X-Request-Id") {
			h.t.Errorf("%s %s: request id %v in the body, %q in the header", r.Method, r.URL, a.body["requestId"], a.header.Get("X-Request-Id"))
		}
	}
	if a.status >= 500 && a.status != http.StatusServiceUnavailable {
		h.t.Errorf("%s %s: %d %s", r.Method, r.URL, a.status, a.raw)
	}
	return a
}

// want checks the code of a reply.
func (h *hub) want(a answer, status int) answer {
	h.t.Helper()
	if a.status != status {
		h.t.Fatalf("HTTP %d, want %d: %s", a.status, status, a.raw)
	}
	return a
}

// create creates an alert and returns its id.
func (h *hub) create(body string) string {
	h.t.Helper()
	a := h.want(h.call("POST", "/v2/alerts", body), 202)
	s := h.want(h.call("GET", "/v2/alerts/requests/"+a.header.Get("X-Request-Id"), ""), 200)
	return s.data("alertId").(string)
}

// newRequest makes a request with the full key, unless its query has one, and headers.
func newRequest(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.7:5555"
	if !strings.Contains(target, "apiKey=") {
		r.Header.Set("Authorization", "GenieKey "+fullKey)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}
