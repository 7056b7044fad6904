package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/link"
	"keng/raftstore"
)

// What makes a node one of its cluster's is the master key and the cluster's authority:
// with them it certifies itself, to other nodes and to agents and gateways. The authority
// is in the replicated store too, but nobody gets at that without a certificate; so each
// node has it in a file, its key sealed with the master key.

const (
	authorityFileName = "authority.json"
	nodeTokenFileName = "node-token"
	// foundingFileName is there from before a new cluster's authority until the cluster is
	// founded. Only while it is there may a node begin a store by --bootstrap, which stays
	// in many a service's file: a node that has lost its store would else begin a second
	// history under the same authority, and the other nodes would take it for one of theirs.
	foundingFileName = "founding"
	// attemptFileName holds what names this node's attempt to join.
	attemptFileName = "joining"
)

// openIdentity makes sure that this node has the master key and the authority: from its
// disk, or made anew for a new cluster, or got from the cluster that it joins.
func (a *App) openIdentity(ctx context.Context) error {
	if err := os.MkdirAll(a.o.DataDir, 0o700); err != nil {
		return fmt.Errorf("cannot make the data directory: %w", err)
	}
	text, err := os.ReadFile(a.inData(authorityFileName))
	if err == nil {
		err = a.readIdentity(text)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = a.firstIdentity(ctx)
	}
	if err != nil {
		return err
	}
	a.credentials = a.authorities.own
	_, err = a.authorities.renewOwn()
	return err
}

func (a *App) inData(name string) string { return filepath.Join(a.o.DataDir, name) }

func (a *App) readIdentity(text []byte) error {
	key, err := loadMasterKey(a.o.KeyFile, false)
	if err != nil {
		return err
	}
	var file authorityFile
	if err := json.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("%s is damaged; put back a copy, of this or of another node: %w", a.inData(authorityFileName), err)
	}
	return a.trust(key, file)
}

// trust takes authorities as the cluster's.
func (a *App) trust(key masterKey, file authorityFile) error {
	a.key = key
	return a.authorities.take(key, file)
}

// keepAuthority writes the authority to this node's disk.
func (a *App) keepAuthority(file authorityFile) error {
	text, err := json.Marshal(file)
	if err != nil {
		return err
	}
	return writeDurably(a.inData(authorityFileName), text)
}

// firstIdentity is for a node that has none yet.
func (a *App) firstIdentity(ctx context.Context) error {
	_, err := os.Stat(a.inData(storeDir))
	switch {
	case err == nil:
		return fmt.Errorf("%s is missing, though the node has a store: put back a copy, of this or of another node", a.inData(authorityFileName))
	case a.o.Bootstrap:
		return a.newAuthority()
	case a.o.Join != "":
		return a.introduceItself(ctx)
	}
	return fmt.Errorf("%s does not belong to a cluster yet: to make a new cluster of it, start with --bootstrap; to let it join one, with --join", a.o.DataDir)
}

// newAuthority makes the master key, unless the operator gave one, and the authority of a
// new cluster.
func (a *App) newAuthority() error {
	key, err := loadMasterKey(a.o.KeyFile, true)
	if err != nil {
		return err
	}
	authority, err := link.NewAuthority(time.Now())
	if err != nil {
		return err
	}
	certificate, secret, err := authority.Marshal()
	if err != nil {
		return err
	}
	if err := writeDurably(a.inData(foundingFileName), nil); err != nil {
		return err
	}
	file := authorityFile{Certificate: certificate, SealedKey: key.seal(secret, sealedAuthority)}
	if err := a.trust(key, file); err != nil {
		return err
	}
	return a.keepAuthority(file)
}

// founding tells whether this node is to found a cluster, and has not done so yet.
func (a *App) founding() bool {
	_, err := os.Stat(a.inData(foundingFileName))
	return a.o.Bootstrap && err == nil
}

// introduction is what a node that joins asks for, initiation what it gets. They cross in
// TLS in which the cluster has shown the authority that the token names. The attempt is
// known to nobody but the node: who asks again by the same one, since the answer was lost
// or the node died over it, spends no other use of the token.
type introduction struct {
	Token   string `json:"token"`
	NodeID  string `json:"node_id"`
	Attempt []byte `json:"attempt"`
}

// seed names the use of a token. The token's secret is in it, so that nobody without it
// can name a command that was carried out.
func (i introduction) seed(token link.Token) (s core.Seed) {
	h := sha256.New()
	for _, part := range [][]byte{[]byte("keng: join"), []byte(token.String()), []byte(i.NodeID), i.Attempt} {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	copy(s[:], h.Sum(nil))
	return s
}

// attempt returns what names this node's attempt to join, which outlives the process.
func (a *App) attempt() ([]byte, error) {
	const size = 16
	known, err := os.ReadFile(a.inData(attemptFileName))
	if err == nil && len(known) == size {
		return known, nil
	}
	fresh := make([]byte, size)
	_, _ = rand.Read(fresh) // never fails: crypto/rand.Read
	return fresh, writeDurably(a.inData(attemptFileName), fresh)
}

type initiation struct {
	MasterKey []byte `json:"master_key"`
	authorityFile
}

const (
	// joinPatience is how long a node that joins tries to reach the cluster: all nodes
	// may be starting at once.
	joinPatience = time.Minute
	joinRetry    = time.Second
)

// introduceItself gets the identity from the cluster by a node token.
func (a *App) introduceItself(ctx context.Context) error {
	token, err := link.ParseToken(a.o.JoinToken)
	if err != nil {
		return fmt.Errorf("cannot join with this node token: %w", err)
	}
	attempt, err := a.attempt()
	if err != nil {
		return err
	}
	request, err := json.Marshal(introduction{Token: token.String(), NodeID: a.o.NodeID, Attempt: attempt})
	if err != nil {
		return err
	}
	answer, err := a.askToBeLetIn(ctx, token, request)
	if isFinal(err) { // the attempt is over: nothing of it is left
		err = errors.Join(err, os.Remove(a.inData(attemptFileName)))
	}
	if err != nil {
		return fmt.Errorf("cannot join: %w", err)
	}
	var got initiation
	if err := json.Unmarshal(answer, &got); err != nil || len(got.MasterKey) != len(a.key) {
		return errors.New("cannot join: the cluster's answer makes no sense to this version")
	}
	var key masterKey
	copy(key[:], got.MasterKey)
	if err := a.trust(key, got.authorityFile); err != nil {
		return fmt.Errorf("cannot join: %w", err)
	}
	if link.Fingerprint(a.authorities.present().Certificate) != token.Fingerprint {
		return errors.New("cannot join: the answer is of another cluster than the token")
	}
	if err := a.keepMasterKey(key); err != nil {
		return fmt.Errorf("cannot join: %w", err)
	}
	if err := a.keepAuthority(got.authorityFile); err != nil {
		return err
	}
	return os.Remove(a.inData(attemptFileName))
}

// keepMasterKey writes the key that the cluster gave to this node's disk, never over
// another one: what that one has sealed, nobody could open any more.
func (a *App) keepMasterKey(key masterKey) error {
	switch old, err := loadMasterKey(a.o.KeyFile, false); {
	case errors.Is(err, fs.ErrNotExist):
		return key.save(a.o.KeyFile)
	case err != nil:
		return err
	case old != key:
		return fmt.Errorf("%s holds the master key of another cluster: keep it in a safe place if that cluster still needs it, and take it away, or name another file with --key-file", a.o.KeyFile)
	}
	return nil
}

// askToBeLetIn asks until the cluster answers, or the patience is at its end.
func (a *App) askToBeLetIn(ctx context.Context, token link.Token, request []byte) ([]byte, error) {
	for deadline := time.Now().Add(joinPatience); ; {
		answer, err := raftstore.Introduce(ctx, a.o.Join, token.TLS(), a.host.Dial, request)
		if err == nil || isFinal(err) || time.Now().After(deadline) {
			return answer, err
		}
		a.logger.Info("the cluster cannot be reached yet", "error", err)
		select {
		case <-time.After(joinRetry):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// isFinal tells whether it does not help to ask again: the cluster has refused the node, or
// is not the one that the token names.
func isFinal(err error) bool {
	return errors.Is(err, raftstore.ErrRefused) || errors.Is(err, link.ErrFingerprint)
}

// letIn answers a node that introduces itself with a token. An error is told to it.
func (a *App) letIn(ctx context.Context, request []byte) ([]byte, error) {
	var asked introduction
	if err := json.Unmarshal(request, &asked); err != nil {
		return nil, errors.New("the request makes no sense to this version")
	}
	token, err := link.ParseToken(asked.Token)
	if err != nil {
		return nil, err
	}
	if err := (link.Peer{Kind: link.Hub, ID: asked.NodeID}).Valid(); err != nil {
		return nil, fmt.Errorf("--node-id cannot be %q: %w", asked.NodeID, err)
	}
	select {
	case <-a.opened:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: this node is only starting", raftstore.ErrNotNow)
	}
	for _, m := range a.store.Status().Members {
		if m.NodeID == asked.NodeID {
			return nil, fmt.Errorf("node %s is a member already: choose another --node-id, or if that node is lost, take it out first with `keng-hub cluster remove %s`", m.NodeID, m.NodeID)
		}
	}
	hash := sha256.Sum256(token.Secret)
	if _, err := state.Do(ctx, a.Store(), asked.seed(token), state.UseNodeToken{Token: token.ID, Hash: hash[:]}); err != nil {
		a.logger.Warn("a node was not let in", "id", asked.NodeID, "token", token.ID, "error", err)
		if core.KindOf(err) != core.Forbidden { // not the token's fault, and perhaps it is spent
			err = fmt.Errorf("%w: %w", raftstore.ErrNotNow, err)
		}
		return nil, err
	}
	a.logger.Info("a node was let in", "id", asked.NodeID, "token", token.ID)
	return json.Marshal(initiation{MasterKey: a.key[:], authorityFile: a.authorities.file()})
}

// nodeOf says which node a certificate belongs to.
func nodeOf(certificate *x509.Certificate) (string, error) {
	peer, err := link.PeerOf(certificate)
	if err == nil && peer.Kind != link.Hub {
		err = fmt.Errorf("%s is no hub", peer)
	}
	return peer.ID, err
}
