// Package api is the hub's HTTP API: Opsgenie's below /v1 and /v2, Kẻng's own below
// /keng/v1. Paths, names, codes and error bodies are Opsgenie's, so that what pages
// through Opsgenie pages through Kẻng by changing one URL.
//
// # How it is laid out
//
// One table, in routes.go, says which path needs which right and which function
// answers. Such a function is typed: it gets a pointer to what was asked, reads the
// state or has a command carried out, and returns a pointer to the answer. It never
// sees HTTP. There is one file a resource. openapi.yaml is the contract, written by
// hand; a test holds it against the table and against every exchange of the tests.
//
// # Rules that hold for every operation
//
//   - A key comes as "Authorization: GenieKey …", as "basic" with the key in base64, or
//     as the query parameter apiKey. No or an unknown key is 401, a key that lacks the
//     right 403. What comes in the format of another tool may bear it in its body.
//   - Bodies are JSON whatever the Content-Type says. Keys are read exactly as spelled:
//     "Id" is not "id". Unknown keys are passed over, empty strings and null are absent.
//     What is not JSON is 400, what is of a wrong type or against a limit 422 with the
//     field's name in "errors", what is beyond [BodyMax], in the
//     format of another tool beyond [ToolBodyMax], 413.
//   - A change of the configuration is one command that the leader evaluates: a PATCH says
//     what is to be otherwise, never what the caller believes that the rest is. What
//     something else needs is not deleted: 428 names who needs it. What Kẻng keeps but cannot
//     follow yet is 422 where paging would differ, and told in openapi.yaml.
//   - Writes are answered after a majority has them on disk, but for the pings of heartbeats. While the cluster has no
//     leader a write is tried again for [CommandTimeout] with the same identity, then 503.
//   - Every reply bears X-Request-Id, which is also in the body, and the headers of
//     Opsgenie's rate limits. A key that asks more often than those allow, or has more than
//     [RequestsOfOneMax] requests under way at this node for longer than it can wait, is told 429
//     and when to try again.
//   - A path may end in a slash, and an alert's alias may hold unescaped slashes.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"

	"keng/hub/core"
	routing "keng/hub/core/route"
	"keng/hub/state"
	"keng/hub/zones"
)

// The bounds of one request.
const (
	BodyMax        = 1 << 20          // bytes of a body
	HeaderMax      = 64 << 10         // bytes of the request line and headers
	CommandTimeout = 10 * time.Second // for a command to be carried out
)

// Options is what the API needs.
type Options struct {
	// Store is the replicated state. Its errors of kind [core.Unavailable] mean "not now,
	// or not known": the API tries those again with the same identity. Required.
	Store state.Store
	// Logger hears of failures that are not the caller's. Default: [slog.Default].
	Logger *slog.Logger
	// MakeToken makes an enrolment token for agents and gateways and returns it. Errors
	// of kind [core.Unacceptable] name the fields of the question. Required.
	MakeToken func(ctx context.Context, wanted TokenSpec) (string, error)
	// HeardPing takes the ping of a heartbeat, whether there is one of that name or not. For
	// a team, unless that is "", only its own ones exist. It must not wait: the caller is
	// told before anything is written. Required.
	HeardPing func(ctx context.Context, heartbeat string, team core.TeamID)
	// Connected returns, by id, the agents and gateways that are connected to this node.
	// Default: none.
	Connected func() map[string]Connection
	// Cluster is the nodes of the hub, to be seen and changed. Default: none, and the
	// operations below /keng/v1/cluster answer 503.
	Cluster Cluster
	// Rehearse answers a rehearsal on a throw-away copy of this node's state, which is at least as
	// new as what a view with latest has shown. Default: none, and the operation answers 503.
	Rehearse func(context.Context, state.Rehearsal) (*state.Rehearsed, error)
	// ReadTool reads a body in the format of another tool, by the last part of the path, and leaves
	// the secret by which it came out of what it returns. Errors are of kind [core.NotFound], there
	// is no such format, or [core.Unacceptable]. Default: there is no format.
	ReadTool func(format string, body []byte, secret string) (*state.ToolBody, error)
	// AgentResults tells what an agent last said of its checks. Default: nothing is known.
	AgentResults Results
	// DefaultActions are the rules that an integration of a type has when it is made. Default: none.
	DefaultActions func(integrationType string) []routing.Action
	// Ready says why the node can not serve yet, nil if it can. Default: always ready.
	Ready func(ctx context.Context) error
	// Now is the present moment, of which answers tell and which questions mean. Default: [time.Now].
	Now func() time.Time
	// Zones finds time zones where the cluster was given none. Default: in the data of the
	// machine.
	Zones state.Zones
	// Blobs keeps the files that are attached to alerts. Default: none is kept, and to attach one
	// is answered by 503.
	Blobs Blobs
	// LinkKey signs the links to such files and to log files. All nodes of a cluster have the same, and nobody else.
	// Required with Blobs.
	LinkKey [32]byte
	// PublicURL is how callers reach the hub, for links in replies: scheme and host, no
	// path. Default: what the request says.
	PublicURL string
	// Observe is told of every request that the API has answered: its method, the pattern
	// of its path ("" if there is none such), the HTTP code and how long it took. Default: nobody.
	Observe func(method, pattern string, status int, took time.Duration)
	// Pages answers what is below none of the API's roots, the console above all.
	// Default: such paths are 404.
	Pages http.Handler
}

// API is the HTTP handler. It is safe for concurrent use.
type API struct {
	Options
	router  *router
	zones   *state.ZoneFinder
	feeds   quota
	answers *feedAnswers

	rates     rateCounts
	creations creations
	underWay  *underWay
	logs      *semaphore.Weighted // log files that are being made
	downloads *semaphore.Weighted // attachments that are being served
	strangers *strangers
}

var _ http.Handler = (*API)(nil)

// New returns the API.
func New(o Options) (*API, error) {
	if o.Store == nil || o.MakeToken == nil || o.HeardPing == nil {
		return nil, &core.Error{Words: "api.Options needs Store, MakeToken and HeardPing"}
	}
	if o.Blobs != nil && o.LinkKey == [32]byte{} {
		return nil, &core.Error{Words: "api.Options needs LinkKey with Blobs"}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.Observe == nil {
		o.Observe = func(string, string, int, time.Duration) {}
	}
	if o.DefaultActions == nil {
		o.DefaultActions = func(string) []routing.Action { return nil }
	}
	if o.Connected == nil {
		o.Connected = func() map[string]Connection { return nil }
	}
	if o.ReadTool == nil {
		o.ReadTool = func(string, []byte, string) (*state.ToolBody, error) { return nil, core.Missing("Format", "") }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zones == nil {
		o.Zones = (&zones.Finder{}).Find
	}
	return &API{Options: o, router: newRouter(routes()), zones: state.NewZoneFinder(o.Zones), answers: newFeedAnswers(), underWay: newUnderWay(), logs: semaphore.NewWeighted(logsAtOnce), downloads: semaphore.NewWeighted(downloadsAtOnce), strangers: newStrangers()}, nil
}

// StreamsMax is how many requests a server takes at once on one connection of HTTP/2.
const StreamsMax = 100

// Server returns an HTTP server with limits for a listener that faces strangers: on time, on
// bytes, on connections ([ConnectionsMax]) and on what is asked for at once on one ([StreamsMax]). The embedder starts it and shuts it down.
func Server(addr string, h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // longer than CommandTimeout and a slow caller's download
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    HeaderMax,
		ConnState:         newCrowd(ConnectionsMax).note,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          StreamsMax,
			MaxReceiveBufferPerConnection: 128 << 10, // what was sent before anybody reads it; 1 MiB would be 2 GiB in all
			MaxReceiveBufferPerStream:     64 << 10,
			WriteByteTimeout:              30 * time.Second, // a stream has its time-out; this ends a connection on which not even that can be said
		},
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}
