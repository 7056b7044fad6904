package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// The hub's checks, kept in the data directory so that an agent that starts without a hub
// has them.
const (
	hubChecksFile = "checks.json"
	hubChecksMax  = 256 << 10 // bytes of what the hub tells
)

// hubChecks is what the hub has for this agent to check.
type hubChecks struct {
	Version  []byte `json:"version"`
	Document []byte `json:"document"` // YAML: site and checks, as in agent.yaml
}

// watchlist is what the agent checks: its own checks, and besides them those of the hub.
// Where both name a check, its own wins. It is safe for concurrent use.
type watchlist struct {
	path      string
	ownSite   string
	own       []*target
	mu        sync.Mutex
	version   []byte // of the hub's checks that are in use
	problem   string // why the newest are not
	site      string
	all       []*target
	overrides []string // names that the hub has, too
}

// newWatchlist begins with the agent's own checks, and with what the hub told last.
func newWatchlist(dataDir, site string, own []*target) (*watchlist, error) {
	w := &watchlist{path: filepath.Join(dataDir, hubChecksFile), ownSite: site, own: own, site: site, all: own}
	var known hubChecks
	data, err := readAtMost(w.path, 2*hubChecksMax)
	if errors.Is(err, os.ErrNotExist) {
		return w, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &known)
	}
	if err == nil {
		err = w.use(known)
	}
	if err != nil {
		// The hub tells it again.
		return w, fmt.Errorf("cannot use what the hub told last: %w", err)
	}
	return w, nil
}

// heed takes what the hub tells. If it cannot be used, what was in use remains, and the
// error is also what [watchlist.watching] tells.
func (w *watchlist) heed(told hubChecks) error {
	err := w.use(told)
	w.mu.Lock()
	w.problem = ""
	if err != nil {
		w.problem = err.Error()
	}
	w.mu.Unlock()
	if err != nil {
		return err
	}
	return writeJSON(w.path, told)
}

// use puts the hub's checks in use.
func (w *watchlist) use(told hubChecks) error {
	if len(told.Document) > hubChecksMax {
		return fmt.Errorf("the hub's checks are longer than %d KiB", hubChecksMax>>10)
	}
	site, theirs, err := parseHubChecks(told.Document, w.ownSite)
	if err != nil {
		return err
	}
	all := slices.Clone(w.own)
	var overrides []string
	for _, t := range theirs {
		if i := slices.IndexFunc(w.own, func(o *target) bool { return o.Name == t.Name }); i >= 0 {
			both := *w.own[i]
			both.overrides = true
			all[i] = &both
			overrides = append(overrides, t.Name)
			continue
		}
		all = append(all, t)
	}
	if len(all) > checksMax {
		return fmt.Errorf("there are %d checks together with the agent's own, and at most %d are allowed; use another agent", len(all), checksMax)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.version, w.site, w.all, w.overrides = told.Version, site, all, overrides
	return nil
}

// parseHubChecks reads the hub's document. The agent's own site, if it has one, wins.
func parseHubChecks(document []byte, ownSite string) (site string, checks []*target, err error) {
	var node yaml.Node
	if err := yaml.Unmarshal(document, &node); err != nil {
		return "", nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(node.Content) == 0 {
		return "", nil, errors.New("the hub's checks are empty")
	}
	r := &reader{}
	config := r.config(node.Content[0])
	if config.Probes != nil || config.ProbeEvery != 0 || config.Spool != (SpoolConfig{}) {
		r.problems = append(r.problems, errors.New("the hub can tell site and checks only"))
	}
	if len(r.problems) > 0 {
		return "", nil, errors.Join(r.problems...)
	}
	if ownSite != "" {
		config.Site = ownSite
	}
	checks, err = config.build()
	if err != nil {
		return "", nil, err
	}
	for _, t := range checks {
		t.fromHub = true
	}
	return config.Site, checks, nil
}

// now returns what is checked, and where.
func (w *watchlist) now() (site string, all []*target) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.site, w.all
}

// ofHub tells about the hub's checks, for people.
func (w *watchlist) ofHub() (version []byte, problem string, overrides []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.version), w.problem, slices.Clone(w.overrides)
}

// readAtMost reads a file of a bounded length.
func readAtMost(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s is longer than %d bytes", path, most)
	}
	return data, err
}
