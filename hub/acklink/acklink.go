// Package acklink lets a person acknowledge from a mail or a text message, without signing
// in. A page's link names its delivery and is signed with a key that the cluster derives from
// its master key; whoever has the link is, for this one purpose, the person who was paged.
//
// To open the link changes nothing: mail scanners and previews open every link there is. The
// page shows the alert as it is now, with one button; only what that button does, a POST,
// acknowledges. To press it twice is to press it once. After [Lifetime], or when the person
// has been blocked or deleted, the link works no more.
//
// Pages are small, work without scripts, and are in the person's language. Nothing on the way may keep them, and no
// other site learns of the link: no-store, no-referrer, a policy under which nothing is loaded.
package acklink

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/seed"
	"keng/hub/state"
	"keng/raftstore/table"
)

// Path is where the pages are.
const Path = "/ack/"

// Lifetime is how long a link works, counted from its page.
const Lifetime = 7 * 24 * time.Hour

const (
	viewTimeout = 5 * time.Second  // to read the state
	ackTimeout  = 10 * time.Second // to acknowledge
	ackPause    = 100 * time.Millisecond
	tokenMax    = 64      // bytes
	formMax     = 1 << 10 // bytes
)

//go:embed ack.html
var pages string

//go:embed ack.css
var style string

// Options is what the links need. Store, Key and Now are required.
type Options struct {
	Store state.Store
	// Key signs. All nodes of a cluster have the same, and nobody else.
	Key [32]byte
	// Now is cluster time.
	Now func() time.Time
	// PublicURL is how people reach the hub: scheme and host, no path. Empty: there are no links.
	PublicURL string
	Logger    *slog.Logger   // default: [slog.Default]
	Zone      *time.Location // in which times are shown if the person's is not known; default: this machine's
}

// Links makes links and serves what they lead to. It is safe for concurrent use.
type Links struct {
	o      Options
	pages  *template.Template
	policy string // Content-Security-Policy
}

var _ http.Handler = (*Links)(nil)

// CheckURL reports what is wrong with a public URL.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("a public URL is a scheme and a host, such as https://keng.example.vn")
	}
	return nil
}

// New returns the links.
func New(o Options) (*Links, error) {
	if o.Store == nil || o.Key == [32]byte{} || o.Now == nil {
		return nil, &core.Error{Words: "acklink.Options needs Store, Key and Now"}
	}
	if o.PublicURL != "" {
		if err := CheckURL(o.PublicURL); err != nil {
			return nil, err
		}
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	l := &Links{o: o}
	var err error
	l.pages, err = template.New("").Funcs(template.FuncMap{
		"clock": func(t time.Time, zone *time.Location) string { return t.In(zone).Format("02/01/2006 15:04:05 -07:00") },
		"exact": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"style": func() template.CSS { return template.CSS(style) },
	}).Parse(pages)
	// The browser hashes what stands in the page: a link must be one request over a bad network.
	hash := sha256.Sum256([]byte(style))
	l.policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return l, err
}

// URL returns the link of a page; "" if there are none.
func (l *Links) URL(id core.DeliveryID) string {
	token := l.sign(id)
	if l.o.PublicURL == "" || token == "" {
		return ""
	}
	return l.o.PublicURL + Path + token
}

// ServeHTTP answers one request below [Path].
func (l *Links) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", l.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	r.Body = http.MaxBytesReader(w, r.Body, formMax)
	token := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, Path), "/")
	id, good := core.DeliveryID(""), false
	if len(token) <= tokenMax {
		id, good = l.verify(token)
	}
	switch {
	case !good:
		l.show(w, r, http.StatusNotFound, view{State: "unknown"})
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		l.look(w, r, id)
	case r.Method == http.MethodPost:
		l.acknowledge(w, r, id)
	default:
		h.Set("Allow", "GET, HEAD, POST")
		l.show(w, r, http.StatusMethodNotAllowed, view{State: "unknown"})
	}
}

// look shows what the link is about.
func (l *Links) look(w http.ResponseWriter, r *http.Request, id core.DeliveryID) {
	v, err := l.read(r.Context(), id)
	if err != nil {
		l.unavailable(w, r, err)
		return
	}
	l.show(w, r, v.status(), v)
}

// acknowledge acknowledges what is open of what the link is about, and shows how it is then.
func (l *Links) acknowledge(w http.ResponseWriter, r *http.Request, id core.DeliveryID) {
	v, err := l.read(r.Context(), id)
	if err != nil {
		l.unavailable(w, r, err)
		return
	}
	asked := v.State == ""
	for _, a := range v.Alerts[:v.wanted] {
		if err := l.command(r.Context(), state.AcknowledgeAlert{Alert: state.Ref{ID: a.ID}, User: v.User, Note: v.note()}); err != nil {
			l.unavailable(w, r, err)
			return
		}
	}
	if v, err = l.read(r.Context(), id); err != nil {
		l.unavailable(w, r, err)
		return
	}
	status := v.status()
	if asked && v.closed() {
		status = http.StatusConflict // there was nothing left to acknowledge
	}
	l.show(w, r, status, v)
}

// command carries a command out, as often as it takes, with one identity.
func (l *Links) command(ctx context.Context, command state.AcknowledgeAlert) error {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	identity := seed.New()
	for {
		_, err := state.Do(ctx, l.o.Store, identity, command)
		if err == nil || core.KindOf(err) != core.Unavailable {
			return err
		}
		select {
		case <-time.After(ackPause):
		case <-ctx.Done():
			return err
		}
	}
}

// view is what a page is made of.
type view struct {
	Language string
	// State says why there is nothing to see: unknown, over or unavailable; "" if there is.
	State string
	User  string // who the link belongs to
	Kind  string // of the page that brought it
	// Alerts are those which the person is to acknowledge, wanted of them, and then the others.
	Alerts []*alert.Alert
	wanted int
	zone   string // IANA name of the person's
}

// shownMax is how many alerts are shown. The button is for all.
const shownMax = 50

// Shown are the alerts that are shown.
func (v view) Shown() []*alert.Alert { return v.Alerts[:min(len(v.Alerts), shownMax)] }

// More is how many alerts are not shown.
func (v view) More() int { return len(v.Alerts) - len(v.Shown()) }

// Many reports whether the button is for several alerts.
func (v view) Many() bool { return v.wanted > 1 }

// status is the HTTP status of a page.
func (v view) status() int {
	switch v.State {
	case "unknown":
		return http.StatusNotFound
	case "over":
		return http.StatusGone
	}
	return http.StatusOK
}

// Open reports whether there is something to acknowledge.
func (v view) Open() bool { return v.wanted > 0 }

// closed reports whether all is over.
func (v view) closed() bool {
	for _, a := range v.Alerts {
		if a.Status != alert.Closed {
			return false
		}
	}
	return true
}

// note says in the alert's log how it was acknowledged.
func (v view) note() string {
	if v.Kind == "sms" {
		return "by link in a text message"
	}
	return "by e-mail link"
}

// read finds out what a link is about, by what the whole cluster knows if this node does not.
func (l *Links) read(ctx context.Context, id core.DeliveryID) (v view, err error) {
	ctx, cancel := context.WithTimeout(ctx, viewTimeout)
	defer cancel()
	// As the leader has it: who has just acknowledged on another node must not be shown the
	// button again. A node that is cut off shows what it knows.
	now := l.o.Now()
	look := func(r table.Reader) error {
		v = viewOf(r, id, now)
		return nil
	}
	newest, stop := context.WithTimeout(ctx, viewTimeout/2)
	defer stop()
	if err = l.o.Store.View(newest, true, look); err != nil {
		err = l.o.Store.View(ctx, false, look)
	}
	return v, err
}

// viewOf reads what a link is about.
func viewOf(r table.Reader, id core.DeliveryID, now time.Time) view {
	d, ok := state.GetDelivery(r, id)
	if !ok {
		return view{State: "over"} // signed by us: it has been forgotten
	}
	v := view{Language: d.Language, Kind: string(d.Kind), State: "over"}
	u, ok := state.Users.Get(r, table.K().String(string(d.User)))
	if !ok || u.Blocked || !now.Before(d.CreatedAt.Add(Lifetime)) {
		return v
	}
	v.User = u.Username
	v.zone = u.Zone
	v.Alerts, v.wanted = alertsOf(r, d, u.Username)
	if len(v.Alerts) > 0 {
		v.State = ""
	}
	return v
}

// alertsOf returns the alerts that a page speaks of, the gravest first: those of which the
// person is still to be told, all of which its link acknowledges, and below them those that
// somebody has taken care of, or the person alone where others have to as well. What left the
// page before it went, and is open again, is not in it.
func alertsOf(r table.Reader, d *state.Delivery, username string) (all []*alert.Alert, wanted int) {
	all = state.AlertsOf(r, d)
	listed := map[core.AlertID]bool{}
	for _, a := range all {
		listed[a.ID] = true
	}
	var silent []*alert.Alert
	add := func(id core.AlertID) {
		if a, ok := state.FindAlert(r, state.Ref{ID: id}); ok && !listed[id] && (a.Silent() || a.HasAcked(username)) {
			silent = append(silent, a)
		}
	}
	if !d.Bundle {
		add(d.Alert)
	} else {
		for b := range state.Bundles.Find(r, table.K().String(string(d.ID))) {
			add(b.Alert)
		}
	}
	slices.SortFunc(silent, func(a, b *alert.Alert) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Tiny, a.Tiny))
	})
	return append(all, silent...), len(all)
}

// unavailable shows that the cluster cannot answer now.
func (l *Links) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	l.o.Logger.Warn("a link cannot be followed", "error", err)
	w.Header().Set("Retry-After", "5")
	l.show(w, r, http.StatusServiceUnavailable, view{State: "unavailable"})
}

// show renders a page whole before anything is sent. Where the person is not known, nor is
// the language: the page is in both.
func (l *Links) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	var b bytes.Buffer
	content := struct {
		view
		Words []words
		Here  string
		Zone  *time.Location
	}{v, wordsIn(v.Language), r.URL.Path, l.o.Zone}
	if zone, err := time.LoadLocation(v.zone); err == nil && v.zone != "" {
		content.Zone = zone
	}
	if err := l.pages.Execute(&b, content); err != nil {
		l.o.Logger.Error("cannot render a page", "err", err)
		http.Error(w, "The hub failed at this page.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // who went away does not miss it
	}
}
