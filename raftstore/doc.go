// Package raftstore is a replicated, transactional key-value store. It knows
// nothing of what is stored in it: its user gives it one function, the Handler,
// which says what a command does to the state.
//
//	store, err := raftstore.Open(raftstore.Options{
//		Dir: dir, NodeID: "a", Bootstrap: true, Handle: handle,
//	})
//	result, err := store.Update(ctx, raftstore.NewCommandID(), command)
//	err = store.View(ctx, raftstore.Local, func(r table.Reader) error { … })
//	err = store.Close()
//
// # What is promised
//
// When Update returns without an error, the command's writes are on the disks of
// a majority of the nodes, and every later View at level Leader, and every later
// Local one on the same node, sees them. A command takes effect as a whole or not
// at all, and at most once for its CommandID, however often it is sent, as long as
// the id is remembered: for 24 hours or until a million newer ones have come.
// Commands are evaluated one after another, each on the state that all those
// before it have left. A command whose Handler fails or panics leaves nothing.
//
// An error of Update that is not the Handler's own says whether the command may
// have taken effect: only ErrUnknownOutcome means that it may. Ask again with the
// same id to learn it. While ctx lasts Update does that by itself, from one leader to
// the next.
//
// # Several nodes
//
// With Options.Network a node is one of several, over one TCP port with TLS on both
// sides. The first is opened with Bootstrap; the others, on empty directories, with
// Network.Join, and need not know which of the nodes leads. They catch up without a
// vote, then get one. Every node takes Updates and Views:
//
//	Update, UpdateAt      forwarded to the leader, and applied here when they return
//	View at level Local   what this node has; includes every Update returned here
//	View at level Leader  includes every Update returned anywhere before
//	ViewFrom an index     includes the Update for which UpdateAt returned it
//	Fork                  a throw-away transaction on what this node has
//
// RemoveNode and TransferLeadership work from any node too. A node that was removed
// gives itself up: Failed is closed, Failure is ErrNotMember. It does not come back by
// itself, nor does a node that has lost its directory: it is removed, and joins anew.
//
// Who may connect is Network.PeerID's to say, about a certificate that was checked.
// Before it has one a node can Introduce itself; what is said then is the user's matter.
//
// # Blobs
//
// What is large goes beside the state, in files named by their hashes, which rows name:
//
//	hash, size, err := store.PutBlob(ctx, r)   // on the disks of a majority; then write the row
//	blob, err := store.OpenBlob(ctx, hash)     // this node's, or fetched from another one
//
// Options.Blobs tells the store what the rows name: it fetches what a node lacks of that, and removes
// what nothing has named for a day.
//
// # How it works
//
// The leader evaluates, Raft replicates the effects. One goroutine on the leader
// takes what commands are waiting, runs them on an overlay over a snapshot of the
// engine, and hands Raft one entry with all their writes. Every node, the leader
// included, applies entries without looking into them. DESIGN.md beside this file
// gives the reasons, and the rules that keep it correct.
//
// Files, by what they are about: update and view (what the user calls), leaders (who
// leads, and trying again), calls, callerrors and peers (nodes asking one another),
// network (the port, Raft's transport), members and joining, introduce, fork; blobs (between nodes), blobfiles and blobkeeper; entry (the log's format), fsm (applying),
// evaluator and batch (evaluating and proposing), memory (remembered results),
// engine (Pebble), states (replacing it), snapshots, snapshotdir and snapshotter,
// install and statestream (a snapshot's way to another node), feed (what was applied), clock and clocks,
// leadership, gate (who still uses what is to be closed), userspace (what the user
// may not touch), durable (files and directories that survive a loss of power); open,
// close (with the watchdog) and store hold them together.
package raftstore
