package sdktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/opsgenie/opsgenie-go-sdk-v2/account"
	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	sdk "github.com/opsgenie/opsgenie-go-sdk-v2/client"
	"github.com/opsgenie/opsgenie-go-sdk-v2/deployment"
	"github.com/opsgenie/opsgenie-go-sdk-v2/heartbeat"
	"github.com/opsgenie/opsgenie-go-sdk-v2/integration"
	"github.com/opsgenie/opsgenie-go-sdk-v2/logs"

	"keng/hub/client"
	"keng/hub/hubtest"
)

// world is three nodes, with people to whom alerts can be given.
type world struct {
	*hubtest.Cluster
	t    testing.TB
	list []operation
	runs int // checks so far

	user, team, escalation string // their ids
}

// Who is there in every world, by name.
const (
	userName       = "lan@example.vn"
	teamName       = "network"
	escalationName = "up"
)

// newWorld starts the nodes. It is for a bubble of testing/synctest.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Cluster: hubtest.New(t, 1, "a", "b", "c"), t: t, list: operations()}
	ctx, hub := t.Context(), w.API("a")
	id := func(id string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	w.user = id(hub.CreateUser(ctx, client.NewUser{Username: userName, FullName: "Lan", Role: client.Thing{Name: "User"}}))
	w.team = id(hub.CreateTeam(ctx, client.NewTeam{Name: teamName}))
	w.escalation = id(hub.CreateEscalation(ctx, client.NewEscalation{Name: escalationName, Rules: []client.EscalationRule{{
		Condition: "if-not-acked", Delay: client.Seconds(0), Recipient: client.Party{Type: "user", Username: userName},
	}}}))
	return w
}

// caller is a check at work: it writes at one node, reads at another, and notes what is wrong.
type caller struct {
	*world
	ctx         context.Context
	write, read *clients
	name        string // a word that no other check uses
	made        int    // names so far
	wrong       []string
}

// clients are those of one node: the Go SDK's, and our own to arrange what a check needs.
type clients struct {
	alerts       *alert.Client
	heartbeats   *heartbeat.Client
	account      *account.Client
	integrations *integration.Client
	deployments  *deployment.Client
	logs         *logs.Client
	// config is for more clients of the same node, with another key.
	config func(key string) *sdk.Config
	sdk    *sdk.OpsGenieClient // for what the SDK has no method, or one that cannot read any answer
	hub    *client.Client
}

// try runs an operation's check at the nodes and returns what it finds wrong. With a fake
// the operation is not the hub's to answer, but always answered by that.
func (w *world) try(o *operation, fake *fakeReply) (wrong []string) {
	w.t.Helper()
	w.runs++
	road := &road{Transport: w.Transport(), list: w.list, of: o, fake: fake}
	nodes := w.Running()
	c := &caller{
		world: w, ctx: w.t.Context(), name: fmt.Sprintf("run%d", w.runs),
		write: w.clients(road, nodes[w.runs%len(nodes)]), read: w.clients(road, nodes[(w.runs+1)%len(nodes)]),
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		o.check(c)
	}()
	<-over
	if road.times == 0 {
		w.t.Errorf("the check of %s does not ask for it", o)
	}
	return c.wrong
}

// clients returns clients of a node that go by a road.
func (w *world) clients(road *road, node string) *clients {
	w.t.Helper()
	config := func(key string) *sdk.Config { // each client writes into its own
		c := &sdk.Config{ApiKey: key, OpsGenieAPIURL: sdk.ApiUrl(node), HttpClient: &http.Client{Transport: road}}
		c.ConfigureLogLevel("fatal") // what is wrong the checks tell
		return c
	}
	all, errs := &clients{hub: w.API(node), config: config}, [7]error{}
	all.alerts, errs[0] = alert.NewClient(config(w.Key()))
	all.heartbeats, errs[1] = heartbeat.NewClient(config(w.Key()))
	all.account, errs[2] = account.NewClient(config(w.Key()))
	all.sdk, errs[3] = sdk.NewOpsGenieClient(config(w.Key()))
	all.integrations, errs[4] = integration.NewClient(config(w.Key()))
	all.deployments, errs[5] = deployment.NewClient(config(w.Key()))
	all.logs, errs[6] = logs.NewClient(config(w.Key()))
	if err := errors.Join(errs[:]...); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// road carries requests to the nodes and counts those for one operation, which a fake may
// answer in their place.
type road struct {
	*http.Transport
	list  []operation
	of    *operation
	fake  *fakeReply
	times int
}

// RoundTrip answers a request.
func (r *road) RoundTrip(request *http.Request) (*http.Response, error) {
	if o := asked(r.list, request.Method, request.URL.Path); o == nil || o.number != r.of.number {
		return r.Transport.RoundTrip(request)
	}
	r.times++
	if r.fake == nil {
		return r.Transport.RoundTrip(request)
	}
	header := http.Header{}
	for name, value := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "X-Request-Id": r.fake.request, "X-Response-Time": "0.01",
		"X-RateLimit-State": "OK", "X-RateLimit-Reason": "ACCOUNT", "X-RateLimit-Period-In-Sec": "60",
	} {
		header.Set(name, value)
	}
	return &http.Response{
		Status: http.StatusText(r.fake.status), StatusCode: r.fake.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(r.fake.body)), Request: request,
	}, nil
}

// errorf notes that something is wrong.
func (c *caller) errorf(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// fatalf is errorf for what makes the rest of the check senseless.
func (c *caller) fatalf(format string, args ...any) {
	c.errorf(format, args...)
	runtime.Goexit()
}

// want notes a value that is not what it should be.
func want[T comparable](c *caller, what string, got, want T) {
	if got != want {
		c.errorf("%s is %v, want %v", what, got, want)
	}
}

// must returns what a call of a client gave, unless that failed.
func must[T any](value T, err error) func(*caller) T {
	return func(c *caller) T {
		if err != nil {
			c.fatalf("%v", err)
		}
		return value
	}
}

// refused makes sure that a call failed with an HTTP code, and returns what the API said.
func (c *caller) refused(err error, status int) *sdk.ApiError {
	e, ok := errors.AsType[*sdk.ApiError](err)
	if !ok || e.StatusCode != status {
		c.fatalf("it was answered with %v, want HTTP %d", err, status)
	}
	return e
}

// word returns a word that no other check uses.
func (c *caller) word() string {
	c.made++
	return fmt.Sprintf("%sword%d", c.name, c.made)
}

// catchUp waits until the node that is read has all that was written until now.
func (c *caller) catchUp() {
	if err := c.read.hub.Ready(c.ctx); err != nil {
		c.fatalf("%v", err)
	}
}

// done waits until the other node knows that a write of an alert was carried out, and returns
// what it tells of it.
func (c *caller) done(result *alert.AsyncAlertResult, err error) *alert.RequestStatusResult {
	status := c.status(result, err)
	if !status.IsSuccess {
		c.fatalf("%s failed: %s", status.Action, status.Status)
	}
	return status
}

// undone is done for a write that cannot be carried out, for a reason.
func (c *caller) undone(reason string) func(*alert.AsyncAlertResult, error) {
	return func(result *alert.AsyncAlertResult, err error) {
		if status := c.status(result, err); status.IsSuccess || status.Status != reason {
			c.errorf("%s: success %v, %q, want %q", status.Action, status.IsSuccess, status.Status, reason)
		}
	}
}

// status returns what the other node tells of a write.
func (c *caller) status(result *alert.AsyncAlertResult, err error) *alert.RequestStatusResult {
	if err != nil {
		c.fatalf("%v", err)
	}
	want(c, "the acknowledgement", result.Result, "Request will be processed")
	return must(c.read.alerts.GetRequestStatus(c.ctx, &alert.GetRequestStatusRequest{RequestId: result.RequestId}))(c)
}

// open opens an alert and returns its id.
func (c *caller) open(change ...func(*alert.CreateAlertRequest)) string {
	request := &alert.CreateAlertRequest{Message: "trouble", Alias: c.word()}
	for _, f := range change {
		f(request)
	}
	return c.done(c.write.alerts.Create(c.ctx, request)).AlertID
}

// alert returns an alert as the other node tells it.
func (c *caller) alert(id string) *alert.GetAlertResult {
	return must(c.read.alerts.Get(c.ctx, &alert.GetAlertRequest{IdentifierValue: id}))(c)
}

// logged makes sure that the other node's log of an alert has a line about all of some texts.
func (c *caller) logged(id string, texts ...string) {
	var all []string
	for _, line := range must(c.read.alerts.ListAlertLogs(c.ctx, &alert.ListAlertLogsRequest{IdentifierValue: id, Limit: 100}))(c).AlertLog {
		all = append(all, line.Owner+": "+line.Log)
	}
	for _, text := range texts {
		if !strings.Contains(strings.Join(all, "\n"), text) {
			c.errorf("the log says nothing of %q:\n%s", text, strings.Join(all, "\n"))
		}
	}
}

// pass lets time pass.
func (c *caller) pass(d time.Duration) { time.Sleep(d) }
