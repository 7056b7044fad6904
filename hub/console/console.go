// Package console is the hub's web console. So far it is what must work before all
// else: pages rendered by the hub, without scripts, that show the newest alerts and,
// of one alert, its log and every page with its reason and trace.
//
// One signs in with an API key that may read. The session is sealed in its cookie, which is
// HttpOnly and SameSite=Strict, and good on every node of the cluster; every request looks
// anew whether the key is still good. Who opens a page without a session comes to it by signing in.
// Nothing here changes the state. Pages come in Vietnamese or English, as the browser asks, with
// times in the cluster's zone, and refresh themselves.
package console

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/hub/zones"
	"keng/raftstore/table"
)

//go:embed pages.html style.css
var assets embed.FS

// Options is what the console needs.
type Options struct {
	Store state.Store // required
	// SessionSecret seals sessions. All nodes of a cluster have the same. Required.
	SessionSecret [32]byte
	Logger        *slog.Logger // default: [slog.Default]
	// Zones finds time zones where the cluster was given none. Default: in the data of the
	// machine, else in that which is built in.
	Zones state.Zones
}

// Console is the HTTP handler of the console. It is safe for concurrent use.
type Console struct {
	o        Options
	pages    *template.Template
	sessions *sessions
	zones    *state.ZoneFinder
	handler  http.Handler
}

var _ http.Handler = (*Console)(nil)

// The bounds of a request.
const (
	formMax     = 4 << 10          // bytes
	viewTimeout = 10 * time.Second // to read the state
	refresh     = "5"              // seconds between two loads of a page
)

// New returns the console.
func New(o Options) (*Console, error) {
	if o.Store == nil || o.SessionSecret == [32]byte{} {
		return nil, &core.Error{Words: "console.Options needs Store and SessionSecret"}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Zones == nil {
		o.Zones = (&zones.Finder{}).Find
	}
	c := &Console{o: o, zones: state.NewZoneFinder(o.Zones)}
	var err error
	if c.sessions, err = newSessions(o.SessionSecret); err != nil {
		return nil, err
	}
	if c.pages, err = template.New("").Funcs(functions()).ParseFS(assets, "pages.html"); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /style.css", c.style)
	mux.HandleFunc("POST /sign-in", c.signIn)
	mux.HandleFunc("POST /sign-out", c.signOut)
	mux.HandleFunc("GET /{$}", c.signedIn(c.list))
	mux.HandleFunc("GET /alerts/{id}", c.signedIn(c.alert))
	mux.HandleFunc("GET /alert/detail/{id}", c.toAlert)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { c.show(w, r, http.StatusNotFound, "missing", nil) })
	c.handler = http.NewCrossOriginProtection().Handler(mux)
	return c, nil
}

// alertPath returns where an alert's page is.
func alertPath(id string) string { return "/alerts/" + url.PathEscape(id) }

// toAlert answers at the address that an alert has in Opsgenie's pages: Zabbix makes a link of
// it. A page leads on, not a redirect: with what another site's link leads to browsers send no
// cookie that is SameSite=Strict, but they do with what a page of ours leads to.
func (c *Console) toAlert(w http.ResponseWriter, r *http.Request) {
	c.show(w, r, http.StatusOK, "onward", alertPath(r.PathValue("id")))
}

// ServeHTTP answers one request.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, formMax)
	c.handler.ServeHTTP(w, r)
}

// page is what every template gets.
type page struct {
	Language string
	Words    map[string]string
	Refresh  string // seconds, and what is loaded then if not the same; "" for never
	SignedIn bool
	Content  any
}

// show renders a template whole before anything is sent.
func (c *Console) show(w http.ResponseWriter, r *http.Request, status int, name string, content any) {
	lang := languageOf(r)
	p := page{Language: lang, Words: words(lang), Content: content}
	switch name {
	case "list", "alert":
		p.Refresh, p.SignedIn = refresh, true
	case "onward":
		p.Refresh = fmt.Sprintf("0; url=%s", content)
	}
	var b bytes.Buffer
	if err := c.pages.ExecuteTemplate(&b, name, p); err != nil {
		c.o.Logger.Error("cannot render a page", "page", name, "err", err)
		http.Error(w, "The hub failed at this page.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // who went away does not miss it
}

func (c *Console) style(w http.ResponseWriter, r *http.Request) {
	css, err := assets.ReadFile("style.css")
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(css)
}

// read calls f with the state, and once more with the cluster's newest if f finds that
// something is missing. It reports whether a page can be shown; if not, it has shown
// what is wrong.
func (c *Console) read(w http.ResponseWriter, r *http.Request, f func(table.Reader) error) bool {
	ctx, cancel := context.WithTimeout(r.Context(), viewTimeout)
	defer cancel()
	err := c.o.Store.View(ctx, false, f)
	if err != nil && core.KindOf(err) == core.NotFound {
		err = c.o.Store.View(ctx, true, f)
	}
	switch {
	case err == nil:
		return true
	case core.KindOf(err) == core.NotFound:
		c.show(w, r, http.StatusNotFound, "missing", nil)
	default:
		c.o.Logger.Error("cannot read the state for a page", "err", err)
		c.show(w, r, http.StatusServiceUnavailable, "unavailable", nil)
	}
	return false
}

// languageOf returns in which of our languages a request is answered.
func languageOf(r *http.Request) string { return language(r.Header.Get("Accept-Language")) }

// language returns which of our languages a browser asks for first: "vi" or "en".
func language(accept string) string {
	best, weight := "en", 0.0
	for i, part := range strings.Split(accept, ",") {
		if i == 20 {
			break
		}
		tag, q := parsePreference(part)
		base, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if (base == "vi" || base == "en") && q > weight {
			best, weight = base, q
		}
	}
	return best
}
