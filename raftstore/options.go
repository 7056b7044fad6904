package raftstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"keng/raftstore/table"
)

// CommandID names a command for ever: what is sent again with the same id is not
// evaluated again.
type CommandID [16]byte

// NewCommandID returns a random id.
func NewCommandID() CommandID {
	var id CommandID
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// String returns the id in hexadecimal.
func (id CommandID) String() string { return fmt.Sprintf("%x", id[:]) }

// Handler says what a command does. It reads and writes tx, and may use nothing
// else: no clock but now (cluster time, UTC), no randomness, nothing outside. It
// runs on the leader only, possibly more than once (when an attempt was dropped),
// and never twice at a time. If it returns an error or panics, the command's
// writes are dropped and the caller of Update gets the error as it is. It must
// not keep tx, nor modify command; the result must not be modified afterwards.
type Handler func(tx table.Tx, now time.Time, command []byte) (result []byte, err error)

// Options says how a node is opened. Dir, NodeID and Handle are required.
type Options struct {
	// Dir is the directory for everything that the node keeps. It is made if it
	// does not exist. Only one process may have it open.
	Dir string
	// NodeID is the node's name in the cluster. It belongs to the directory: a
	// directory cannot be opened under another name.
	NodeID string
	// Bootstrap lets an empty directory become a new cluster of one node. On a
	// directory that belongs to a cluster already it does nothing.
	Bootstrap bool
	// Network makes the node one of several. Without it the node is alone, and needs
	// no port. A cluster of one can be opened with a network later, and grow.
	Network *Network
	// Handle is what evaluates commands.
	Handle Handler
	// Told answers what another node, or this one, says by [Store.Tell]: from is that
	// node's id, as its certificate has it. It is called by many goroutines, must not keep
	// or modify body, and has the time that the caller will wait. Without it every message
	// is refused.
	Told func(ctx context.Context, from, topic string, body []byte) ([]byte, error)
	// Blobs tells, in any order, which blobs the state names. What it names the node fetches
	// if it lacks it; what it does not name is removed when it is a day old. Without it
	// neither is done. See [Store.PutBlob].
	Blobs func(r table.Reader) iter.Seq[BlobHash]
	// Wall is the node's wall clock: time.Now unless set.
	Wall func() time.Time
	// Logger gets what the store, Raft and the engine have to say: slog.Default()
	// unless set.
	Logger *slog.Logger

	// Seams for tests.
	fs     vfs.FS        // the file system of engine and snapshots
	logs   raft.LogStore // instead of the log on disk; with stable
	stable raft.StableStore
	limits limits
}

// limits are bounds that a test may want to be smaller. Zero values stand for the
// defaults.
type limits struct {
	snapshotEntries uint64        // take a snapshot after so many entries
	snapshotBytes   int64         // or so many bytes of them
	retainBytes     int64         // bytes of log to keep behind a snapshot, for followers that lag
	results         uint64        // how many results are remembered
	memTableBytes   uint64        // size of the engine's memory tables
	stuckAfter      time.Duration // how long a commit or an apply may take
	commitTimeout   time.Duration // see there
	blobGrace       time.Duration // for how long a blob that the state does not name is kept
}

const (
	// MaxCommandBytes bounds a command.
	MaxCommandBytes = 2 << 20
	// MaxCommandWrites bounds the bytes of keys and values that one command
	// writes, its result included.
	MaxCommandWrites = 3 << 20

	// A batch is closed when it holds so many commands, or bytes of writes. While
	// nothing is under way it never waits to be filled.
	maxBatchCommands = 256
	maxBatchBytes    = 256 << 10
	// maxInFlight is how many batches may be on their way through Raft, the second only if
	// there are enoughCommands for it, or the first was full.
	maxInFlight    = 2
	enoughCommands = 64
	// maxEntryBytes bounds the writes of a Raft entry, before they are compressed. A batch is below maxBatchBytes before its
	// last command, which adds at most MaxCommandWrites; the rest is for lengths.
	maxEntryBytes = 4 << 20
	// maxQueued bounds the commands that wait to be evaluated, but for those that the evaluator
	// has gathered: fewer than enoughCommands.
	maxQueued = 8192

	// enqueueTimeout is how long Raft may take to accept a batch into its queue.
	enqueueTimeout = time.Second
	// closeTimeout is how long each step of Close may take.
	closeTimeout = 10 * time.Second

	// memoryAge is for how long results are remembered.
	memoryAge = 24 * time.Hour
)

// Errors of Update and View. Those of the Handler are returned as they are.
var (
	// ErrClosed says that the store was closed before the command was evaluated.
	ErrClosed = errors.New("the store is closed")
	// ErrTooLarge says that a command, or what it writes, is larger than allowed.
	ErrTooLarge = errors.New("the command is too large")
	// ErrOverloaded says that too many commands are waiting; nothing was done.
	ErrOverloaded = errors.New("too many commands are waiting: try again later")
	// ErrUnknownOutcome says that the command may or may not have taken effect. To
	// know, send it again with the same id.
	ErrUnknownOutcome = errors.New("the outcome of the command is not known")
	// ErrLost says that a reader of Changes asked for what is no longer kept. It
	// must look at the state itself, by a View, and go on from there.
	ErrLost = errors.New("the changes asked for are no longer kept")
	// ErrNotLeader says that only the leader can do what was asked, and this node is
	// not, or no longer, the leader.
	ErrNotLeader = errors.New("this node is not the leader")
	// ErrNotMember says that a node is no member of the cluster, or no longer.
	ErrNotMember = errors.New("the node is not a member of the cluster")
	// ErrNoState says that a directory has no node's state, and that nothing allows to
	// begin one there.
	ErrNoState = errors.New("the directory does not belong to a cluster yet")
	// ErrNotNow is for Network.Introduce: the stranger may ask again.
	ErrNotNow = errors.New("not now")
	// ErrRefused says that the cluster does not do what was asked; the words say why.
	// To ask again does not help.
	ErrRefused = errors.New("refused")
	// ErrNoBlob says that no blob of that hash is there, where it was looked for.
	ErrNoBlob = errors.New("there is no such blob")
	// ErrNoRoom says that a disk is so full that no blobs are taken: what pages people
	// needs the rest.
	ErrNoRoom = errors.New("the disk is nearly full")
)

// withDefaults checks the options and fills in what was left out.
func (o Options) withDefaults() (Options, error) {
	switch {
	case o.Dir == "":
		return o, errors.New("raftstore: Options.Dir is not set")
	case o.NodeID == "":
		return o, errors.New("raftstore: Options.NodeID is not set")
	case o.Handle == nil:
		return o, errors.New("raftstore: Options.Handle is not set")
	case (o.logs == nil) != (o.stable == nil):
		return o, errors.New("raftstore: log store and stable store go together")
	}
	if o.Network != nil {
		network, err := o.Network.check(o.NodeID)
		if err != nil {
			return o, err
		}
		o.Network = network
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.fs == nil {
		o.fs = vfs.Default
	}
	o.limits = o.limits.withDefaults()
	return o, nil
}

func (l limits) withDefaults() limits {
	return limits{
		snapshotEntries: orDefault(l.snapshotEntries, 100_000),
		snapshotBytes:   orDefault(l.snapshotBytes, 128<<20),
		retainBytes:     orDefault(l.retainBytes, 64<<20),
		results:         orDefault(l.results, 1_000_000),
		memTableBytes:   orDefault(l.memTableBytes, 32<<20),
		stuckAfter:      orDefault(l.stuckAfter, 20*time.Second),
		commitTimeout:   orDefault(l.commitTimeout, commitTimeout),
		blobGrace:       orDefault(l.blobGrace, blobGrace),
	}
}

func orDefault[T comparable](value, standard T) T {
	var zero T
	if value == zero {
		return standard
	}
	return value
}
