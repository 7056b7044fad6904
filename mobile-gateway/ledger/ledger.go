// Package ledger is a gateway's memory on disk: which pages it has taken up in the last
// 24 hours, what became of them, what of that a hub has acknowledged, and the
// highest leader's term it has seen (P4).
//
// # What it promises
//
//   - A page that was begun and synced ([Ledger.Begin], [Ledger.Sync]) is known for 24 hours, also after
//     kill -9 or a power cut. So it is never sent a second time without anybody knowing.
//   - A page that was begun and has no end when the ledger is opened gets one: Failed, Unavailable,
//     [Interrupted]. The gateway cannot know whether the provider had it. Failed lets the hub go on to the
//     person's next method at once; what the hub repeats then bears its "repeat" mark.
//   - Reports survive kill -9 as soon as they are appended, and a power cut once synced.
//     They are kept for repeated questions, acknowledged or not, until the page is forgotten.
//   - It is bounded: [Options.Pages] pages and [ReportsMax] reports a page. Beyond that the oldest
//     finished pages are forgotten before their time, those not acknowledged last.
//   - A damaged file never keeps the gateway from starting: what can be read is
//     kept, the file is put aside as ledger.damaged, and the log says so. Paging
//     twice is better than not paging.
//
// # File
//
// The file "ledger" is a log: 8 bytes "kengldg1", then records, each of a length
// (uint32, little-endian), a CRC-32C of the payload (the same) and the payload: a map in CBOR
// with integer keys, see record. A number is never reused; unknown keys are
// passed over. It is rewritten, to a temporary file that is synced and renamed, when
// it is opened and when it has doubled.
package ledger

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"keng/proto/channel"
)

// Keep is how long a page is remembered after it was begun.
const Keep = 24 * time.Hour

// ReportsMax is how many reports of one page are kept. A call has four.
const ReportsMax = 16

// Bounds of what is stored. Longer text is cut.
const (
	IDMax     = 128  // bytes of a delivery id
	detailMax = 1000 // bytes of a report's detail and provider id
)

// Interrupted is the detail of a page whose sending a restart cut off.
const Interrupted = "the gateway restarted while it was sending; the page may have reached its person"

// What Begin says no with.
var (
	// ErrFull: there is no room, because too many pages are not finished yet.
	ErrFull = errors.New("the gateway has too many pages under way")
	// ErrID: a delivery id is empty or longer than IDMax.
	ErrID = errors.New("the delivery id is empty or too long")
)

// Options are the ledger's bounds. The zero value is right for nearly all.
type Options struct {
	// Pages is how many pages are remembered at most; default 50,000, which take some 30 MB.
	Pages int
	// Logger hears of damage. Nil: nobody.
	Logger *slog.Logger
}

// entry is what is known of one page.
type entry struct {
	begun   time.Time
	term    uint64
	reports []channel.Report // report number n is at n-1
	acked   uint32
}

func (e *entry) finished() bool {
	return len(e.reports) > 0 && e.reports[len(e.reports)-1].Stage.Final()
}
func (e *entry) settled() bool { return e.finished() && int(e.acked) >= len(e.reports) }

// Ledger is an open ledger. It is safe for concurrent use.
type Ledger struct {
	dir     string
	options Options
	codec   codec
	lock    *os.File // held while open: one process a directory

	// syncing is held during fdatasync and compaction; it is taken before mu.
	syncing sync.Mutex
	synced  int64 // of written

	mu      sync.Mutex // owns all below
	file    *os.File
	size    int64 // bytes of the file
	base    int64 // bytes of the file after it was last rewritten
	written int64 // bytes ever appended
	pages   map[string]*entry
	order   []string // ids by when they were begun
	unacked map[string]struct{}
	term    uint64
}

// Open opens the ledger in a directory, which it makes (0700) if need be, and ends
// the pages that a restart cut off. Another process that has it open is an error.
func Open(dir string, options Options) (*Ledger, error) {
	if options.Pages <= 0 {
		options.Pages = 50_000
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	codec, err := newCodec()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	l := &Ledger{
		dir: dir, options: options, codec: codec, lock: lock,
		pages: map[string]*entry{}, unacked: map[string]struct{}{},
	}
	if err := l.load(); err != nil {
		lock.Close()
		return nil, err
	}
	return l, nil
}

func (l *Ledger) path() string { return filepath.Join(l.dir, "ledger") }

// Close syncs and closes the ledger.
func (l *Ledger) Close() error {
	err := l.Sync()
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(err, l.file.Close(), l.lock.Close())
}

// Term is the highest leader's term seen.
func (l *Ledger) Term() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.term
}

// SeeTerm notes a term. It reports false, and notes nothing, if a higher one has
// been seen: a deposed leader speaks.
func (l *Ledger) SeeTerm(term uint64) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if term < l.term {
		return false, nil
	}
	if term == l.term {
		return true, nil
	}
	l.term = term
	return true, l.append(record{Kind: termSeen, Term: term})
}

// Begin notes that a page is taken up. It reports false if the page is known
// already. [ErrFull] and [ErrID] refuse the page; after any other error, which is
// the disk's, the page is known until the process ends.
func (l *Ledger) Begin(id string, term uint64, now time.Time) (bool, error) {
	if id == "" || len(id) > IDMax {
		return false, ErrID
	}
	defer l.compactIfLarge()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.knows(id) {
		return false, nil
	}
	l.forget(now)
	if len(l.pages) >= l.options.Pages {
		return false, ErrFull
	}
	l.begin(id, term, now)
	return true, l.append(record{Kind: pageBegun, Page: id, At: now.UnixMilli(), Term: term})
}

func (l *Ledger) begin(id string, term uint64, now time.Time) {
	l.pages[id] = &entry{begun: now, term: term}
	l.order = append(l.order, id)
}

// Append adds a report of a page that was begun: it fills in Number and At, and
// returns what it stored. A page that is unknown, ended, or has [ReportsMax]-1 reports and
// this one is not final, takes none: then it reports false. An error is the disk's, and the
// report is then known until the process ends.
func (l *Ledger) Append(report channel.Report, now time.Time) (channel.Report, bool, error) {
	defer l.compactIfLarge()
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.pages[report.Page]
	if e == nil || e.finished() || len(e.reports) >= ReportsMax-1 && !report.Stage.Final() {
		return report, false, nil
	}
	report.Number, report.At = uint32(len(e.reports)+1), now.UTC().Truncate(time.Millisecond)
	report.Detail, report.ProviderID = cut(report.Detail), cut(report.ProviderID)
	e.reports = append(e.reports, report)
	l.unacked[report.Page] = struct{}{}
	return report, true, l.append(recordOf(report))
}

// Ack notes that a hub has the reports of a page up to a number.
func (l *Ledger) Ack(page string, through uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ack(page, through) {
		return nil
	}
	return l.append(record{Kind: reportsAcked, Page: page, Number: through})
}

func (l *Ledger) ack(page string, through uint32) bool {
	e := l.pages[page]
	if e == nil || through <= e.acked || int64(through) > int64(len(e.reports)) {
		return false
	}
	e.acked = through
	if int(through) == len(e.reports) {
		delete(l.unacked, page)
	}
	return true
}

// Rewind forgets, until the next Ack, that reports of a page were acknowledged: a
// hub has asked for them again.
func (l *Ledger) Rewind(page string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.pages[page]; e != nil && len(e.reports) > 0 {
		e.acked = 0
		l.unacked[page] = struct{}{}
	}
}

// Reports returns the reports of a page from the first on, and whether it is known.
func (l *Ledger) Reports(page string) ([]channel.Report, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.pages[page]
	if e == nil {
		return nil, false
	}
	return slices.Clone(e.reports), true
}

// Unacked returns the reports that no hub has acknowledged, a page at a time: each in
// order and not empty, the pages in none.
func (l *Ledger) Unacked() [][]channel.Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	pages := make([][]channel.Report, 0, len(l.unacked))
	for page := range l.unacked {
		e := l.pages[page]
		pages = append(pages, slices.Clone(e.reports[e.acked:]))
	}
	return pages
}

// InFlight returns the ids of the pages that have no end yet.
func (l *Ledger) InFlight() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ids []string
	for _, id := range l.order {
		if e := l.pages[id]; e != nil && !e.finished() {
			ids = append(ids, id)
		}
	}
	return ids
}

// forget drops the pages that are over Keep old, and if there is still no room, the oldest
// that are finished: acknowledged ones if there are any. mu is held.
func (l *Ledger) forget(now time.Time) {
	old := func(e *entry) bool { return e.finished() && now.Sub(e.begun) > Keep }
	for len(l.order) > 0 && old(l.pages[l.order[0]]) {
		delete(l.pages, l.order[0])
		delete(l.unacked, l.order[0])
		l.order = l.order[1:]
	}
	if len(l.pages) < l.options.Pages {
		return
	}
	// A tenth at once, so that this is rare.
	if !l.dropSome(l.options.Pages/10+1, (*entry).settled) {
		l.dropSome(l.options.Pages/10+1, (*entry).finished)
	}
}

// dropSome forgets up to n of the oldest pages that may go, and reports whether
// there were any. mu is held.
func (l *Ledger) dropSome(n int, may func(*entry) bool) bool {
	kept := make([]string, 0, len(l.order))
	dropped := 0
	for _, id := range l.order {
		if dropped < n && may(l.pages[id]) {
			delete(l.pages, id)
			delete(l.unacked, id)
			dropped++
			continue
		}
		kept = append(kept, id)
	}
	l.order = kept
	return dropped > 0
}
