package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"keng/hub/api"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/hub/zones"
	"keng/proto/link"
	"keng/raftstore/table"
)

const (
	// foundTimeout bounds the founding of a cluster, which has one node.
	foundTimeout = time.Minute
	// joiningLook is how often a node that joins says that it still waits.
	joiningLook = 10 * time.Second
)

// found makes sure that the cluster is founded, and that this node knows its facts. A
// node that has them already does not wait for the others: they may all be starting.
func (a *App) found(ctx context.Context) error {
	if err := a.awaitCluster(ctx); err != nil {
		return err
	}
	if err := os.Remove(a.inData(foundingFileName)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (a *App) awaitCluster(ctx context.Context) error {
	for {
		applied := a.store.Applied()
		row, err := a.clusterRow(ctx, false)
		if row == nil && err == nil && a.founding() {
			// After a crash, what is here may have to be read from the log first.
			row, err = a.newestClusterRow(ctx)
		}
		switch {
		case err != nil:
			return err
		case row == nil && a.founding():
			return a.newCluster(ctx)
		case row == nil:
			if err := a.awaitState(ctx, applied); err != nil {
				return err
			}
			continue
		case !a.authorities.knows(row):
			return fmt.Errorf("%s is not of this cluster: put back a copy, of this or of another node", a.inData(authorityFileName))
		}
		return nil
	}
}

func (a *App) clusterRow(ctx context.Context, latest bool) (row *state.Cluster, err error) {
	err = a.Store().View(ctx, latest, func(r table.Reader) error {
		row, _ = state.GetCluster(r)
		return nil
	})
	return row, err
}

// newestClusterRow returns what a majority knows.
func (a *App) newestClusterRow(ctx context.Context) (*state.Cluster, error) {
	for {
		within, cancel := context.WithTimeout(ctx, joiningLook)
		row, err := a.clusterRow(within, true)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return row, err
		}
		a.logger.Info("waiting for a majority of the nodes")
	}
}

// awaitState waits until something more has come from the cluster.
func (a *App) awaitState(ctx context.Context, applied <-chan struct{}) error {
	tick := time.NewTicker(joiningLook)
	defer tick.Stop()
	for {
		select {
		case <-applied:
			return nil
		case <-tick.C:
			a.logger.Info("waiting until the cluster makes this node a member and sends it the state")
		case <-a.store.Failed():
			return a.store.Failure()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// The first node token, in DATA-DIR/node-token, is good for so many nodes, so long.
const (
	firstTokenUses     = 10
	firstTokenLifetime = 24 * time.Hour
)

// makeFirstKey makes the operator's key that of an integration, by which it can be seen, replaced and
// taken back, unless that was done before an interruption.
func (a *App) makeFirstKey(ctx context.Context) error {
	made := false
	err := a.Store().View(ctx, true, func(r table.Reader) error {
		_, made = state.FindKey(r, a.o.BootstrapKey)
		return nil
	})
	if err != nil || made {
		return err
	}
	hash := sha256.Sum256([]byte(a.o.BootstrapKey))
	name, rights := "bootstrap", state.AllRights
	_, err = state.Do(ctx, a.Store(), seed.New(), state.CreateIntegration{
		Type: "API", Hash: hash[:], Fields: state.IntegrationFields{Name: &name, Rights: &rights},
	})
	return err
}

// newCluster writes the first facts: an API key if the operator gave one, a first node
// token, and last the cluster itself, so that all is done again if this is interrupted.
func (a *App) newCluster(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, foundTimeout)
	defer cancel()
	if a.o.BootstrapKey != "" {
		if err := a.makeFirstKey(ctx); err != nil {
			return err
		}
	} else {
		a.logger.Warn("the cluster has no API key, and only a key can make others: stop this node, remove its data directory, and start it with a key of your own in KENG_BOOTSTRAP_API_KEY")
	}
	token, err := a.makeToken(ctx, state.CreateToken{Uses: firstTokenUses, Lifetime: firstTokenLifetime, Node: true})
	if err != nil {
		return err
	}
	if err := writeDurably(a.inData(nodeTokenFileName), []byte(token+"\n")); err != nil {
		return fmt.Errorf("cannot write the first node token: %w", err)
	}
	if err := a.giveZones(ctx); err != nil {
		return err
	}
	file := a.authorities.file()
	_, err = state.Do(ctx, a.Store(), seed.New(), state.FoundCluster{
		Name: "Kẻng", Language: a.o.Language, Authority: file.Certificate, SealedKey: file.SealedKey,
	})
	return err
}

// giveZones gives a new cluster the time-zone data of this machine. From then on all nodes go
// by the same, and a system's update moves nobody's shift until somebody has seen which. A
// machine without data (or with such as says no version) gives none: then it is the data in
// the leader's program that counts.
func (a *App) giveZones(ctx context.Context) error {
	version, files, err := zones.Machine()
	if err != nil {
		a.logger.Warn("the cluster goes by the time-zone data that is built into the program", "because", err)
		return nil
	}
	data := state.PutZones{Version: version}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data.Files = append(data.Files, state.ZoneFile{Name: name, Data: files[name]})
	}
	if err := data.Check(); err != nil {
		a.logger.Warn("the cluster goes by the time-zone data that is built into the program, not by this machine's", "because", err)
		return nil
	}
	_, err = state.Do(ctx, a.Store(), seed.New(), data)
	return err
}

// MakeToken makes an enrolment token. The text is returned once and not kept.
func (a *App) MakeToken(ctx context.Context, wanted api.TokenSpec) (string, error) {
	return a.makeToken(ctx, state.CreateToken{
		Uses: wanted.Uses, Lifetime: wanted.Lifetime, Kind: wanted.Kind, Networks: wanted.Networks, Labels: wanted.Labels, Note: wanted.Note,
	})
}

// makeToken makes an enrolment token or a node token, as the command says but for its id
// and secret.
func (a *App) makeToken(ctx context.Context, wanted state.CreateToken) (string, error) {
	authority := a.authorities.present()
	if authority.Certificate == nil {
		return "", errors.New("the hub has not started")
	}
	token := link.NewToken(authority.Certificate)
	hash := sha256.Sum256(token.Secret)
	wanted.ID, wanted.Hash = token.ID, hash[:]
	_, err := state.Do(ctx, a.Store(), seed.New(), wanted)
	return token.String(), err
}
