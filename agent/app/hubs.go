package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"sync"
)

// learnedMax bounds how many hubs are remembered.
const learnedMax = 64

// savedHubs is the content of hubs.json.
type savedHubs struct {
	Joined  []string `json:"joined"`            // given by people: at join, or as options
	Learned []string `json:"learned,omitempty"` // named by the last hub
}

// hubList knows where hubs are. It is safe for concurrent use.
type hubList struct {
	path string

	mu    sync.Mutex
	saved savedHubs
}

// newHubList reads the saved addresses. Those given replace the ones of the join.
func newHubList(dataDir string, given []string) (*hubList, error) {
	l := &hubList{path: filepath.Join(dataDir, hubsFile)}
	data, err := readSmall(l.path)
	switch {
	case err == nil:
		if err := json.Unmarshal(data, &l.saved); err != nil && len(given) == 0 {
			return nil, fmt.Errorf("%s is damaged: %w; name the hubs with --hub, or join again", l.path, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cannot read where the hubs are: %w", err)
	}
	if len(given) > 0 {
		l.saved.Joined = given
	}
	for _, address := range l.addresses() {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, fmt.Errorf("%q is not the address of a hub; write host:port", address)
		}
	}
	if len(l.addresses()) == 0 {
		return nil, errors.New("no hub is known; run keng-agent join, or name one with --hub")
	}
	return l, nil
}

// addresses returns all that are known, without repetition.
func (l *hubList) addresses() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, address := range slices.Concat(l.saved.Joined, l.saved.Learned) {
		if !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	return all
}

// learn remembers where else a hub says to dial. What is no address is passed over.
func (l *hubList) learn(addresses []string) error {
	var good []string
	for _, address := range addresses {
		if _, _, err := net.SplitHostPort(address); err == nil && len(good) < learnedMax {
			good = append(good, address)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(good) == 0 || slices.Equal(good, l.saved.Learned) {
		return nil
	}
	l.saved.Learned = good
	return writeJSON(l.path, l.saved)
}
