package raftstore

import (
	"encoding/hex"
	"strings"
	"time"

	"keng/raftstore/table"
)

const (
	// blobGrace is for how long a blob is kept that the state does not name: it may be about
	// to be named.
	blobGrace = 24 * time.Hour
	// blobSweeps is how often in a grace old blobs are looked for.
	blobSweeps = 24
	// blobLook is how often it is looked what the state names and this node lacks, if the state
	// has changed; blobLookMost how rarely, when blobs cannot be had; and blobLookShare bounds the part
	// of the time that it takes: one in so many.
	blobLook, blobLookMost, blobLookShare = 10 * time.Second, 10 * time.Minute, 100
	// blobLookRoom is how many are fetched after one look.
	blobLookRoom = 1000
	// blobSweepRoom is how many files are removed at once.
	blobSweepRoom = 10_000
)

// blobKeeper is what the task that keeps the folder of blobs knows. It belongs to that task.
type blobKeeper struct {
	*Store
	next   time.Time     // when to look
	pause  time.Duration // until the look after that, if blobs cannot be had
	seen   uint64        // applied index of a state of which nothing is lacking
	losses int           // damaged blobs that were known of then
	swept  time.Time
}

// keepBlobs is a task: it fetches the blobs that the state names and this node lacks, as after
// the state of another node was put in the place of its own, and removes those that no state
// has named for a while.
func (s *Store) keepBlobs() {
	k := &blobKeeper{Store: s, pause: blobLook, swept: time.Now()}
	every := s.options.limits.blobGrace / blobSweeps
	tick := time.NewTicker(min(blobLook, every))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.closing:
			return
		case <-s.failed:
			return
		}
		if !time.Now().Before(k.next) {
			k.look()
		}
		if time.Since(k.swept) >= every {
			k.swept = time.Now()
			k.sweep()
		}
	}
}

// look fetches what is lacking, and decides when to look again.
func (k *blobKeeper) look() {
	began := time.Now()
	applied, losses := k.fsm.current.Load().applied, k.blobs.lost()
	if applied == k.seen && losses == k.losses {
		return
	}
	missing, err := k.missing()
	k.next = time.Now().Add(blobLookShare * time.Since(began))
	if err != nil {
		k.logger.Warn("cannot find out which blobs are lacking", "error", err)
		return
	}
	lacking := 0
	for _, h := range missing {
		f, err := k.fetch(h, k.otherMembers()...)
		if err == nil {
			select {
			case <-f.done:
				err = f.err
			case <-k.closing:
				return
			}
		}
		if err != nil {
			lacking++
			k.logger.Debug("a blob cannot be had", "hash", hex.EncodeToString(h[:]), "error", err)
		}
	}
	switch {
	case lacking > 0:
		k.logger.Warn("blobs that the state names cannot be had from any node: trying again later", "blobs", lacking)
		k.next, k.pause = time.Now().Add(k.pause), min(2*k.pause, blobLookMost)
	case len(missing) < blobLookRoom:
		k.seen, k.losses, k.pause = applied, losses, blobLook
	}
}

// missing returns blobs that the state names and this node lacks.
func (k *blobKeeper) missing() (missing []BlobHash, err error) {
	there, err := k.blobs.all()
	if err != nil {
		return nil, err
	}
	err = k.ViewFrom(k.life, 0, func(r table.Reader) error {
		for h := range k.options.Blobs(r) {
			if !there[h] {
				there[h] = true // once
				if missing = append(missing, h); len(missing) == blobLookRoom {
					break
				}
			}
		}
		return nil
	})
	return missing, err
}

// sweep removes files that are older than the grace and that the state does not name. Of those that it
// names the damaged ones stay, too, until there are whole ones: what they hold may be nowhere else, and a
// disk that could not be read may be read again.
func (k *blobKeeper) sweep() {
	old, err := k.blobs.old(time.Now().Add(-k.options.limits.blobGrace))
	if err != nil || len(old) == 0 {
		if err != nil {
			k.logger.Warn("cannot look for old blobs", "error", err)
		}
		return
	}
	named := map[string]bool{}
	err = k.ViewFrom(k.life, 0, func(r table.Reader) error {
		for h := range k.options.Blobs(r) {
			named[hex.EncodeToString(h[:])] = true
		}
		return nil
	})
	if err != nil {
		k.logger.Warn("cannot find out which blobs are still named", "error", err)
		return
	}
	removed := 0
	for _, name := range old {
		if named[strings.TrimPrefix(name, blobDamaged)] || removed == blobSweepRoom {
			continue
		}
		if err := k.blobs.remove(name); err != nil {
			k.logger.Warn("cannot remove an old blob", "error", err)
			return
		}
		removed++
	}
	if removed == 0 {
		return
	}
	k.logger.Info("blobs that nothing names any more were removed", "blobs", removed)
}
