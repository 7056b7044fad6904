package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// integrationRoutes is the part of the table about integrations: what a tool needs to be let in,
// and the rules by which what it sends becomes something about alerts. A key that is bound to a
// team sees and changes the team's alone. Whoever may make an integration may make a key of any
// right: it is a part of the configuration.
func integrationRoutes() []route {
	var list []route
	add := func(method, path string, right state.Rights, domain string, h handler) {
		list = append(list, route{method, path, right, false, domain, h})
	}
	see := func(path string, h handler) { add("GET", path, state.Read, configurationDomain, h) }
	set := func(method, path string, h handler) {
		add(method, path, state.Configure, integrationDomain, h)
	}
	const all, one = "/v2/integrations", "/v2/integrations/{id}"
	set("POST", all, on((*API).createIntegration))
	see(all, tellList(listIntegrations))
	see(one, tell(getIntegration))
	set("PUT", one, on((*API).changeIntegration))
	set("DELETE", one, change(deleteIntegration, deleted[state.Nothing]))
	set("POST", one+"/enable", change(enableIntegration(true), integrationSwitched("Enabled")))
	set("POST", one+"/disable", change(enableIntegration(false), integrationSwitched("Disabled")))
	add("POST", all+"/authenticate", state.AllRights, configurationDomain, on((*API).authenticateIntegration))
	see(one+"/actions", tell(getActions))
	set("POST", one+"/actions", change(addAction, actionAdded))
	set("PUT", one+"/actions", change(putActions, actionsPut))
	set("POST", "/keng/v1/integrations/{id}/key", on((*API).renewKey))
	return list
}

// The types of integration about which the hub knows something. Any other name is a tool's.
const (
	webhookType = "Webhook"
	emailType   = "Email"
)

// knownTypes are the spellings of the types that are likely, for who writes one otherwise.
var knownTypes = []string{
	state.APIType, webhookType, emailType, "Prometheus", "Grafana", "Zabbix", "Nagios", "NagiosXI", "Icinga", "Icinga2", "Op5", "Opsview",
	"Datadog", "CloudWatch", "OEM", "SaltStack", "Scalyr", "ServiceNow", "Zenoss",
}

// typeMax bounds the name of a type, in characters.
const typeMax = 100

// integrationType returns the type of a body in its usual spelling. It must be there.
func (c *call) integrationType() string {
	said := strings.TrimSpace(c.body.text("type"))
	c.limit("type", said, typeMax)
	for _, known := range knownTypes {
		if strings.EqualFold(said, known) {
			said = known
		}
	}
	switch said {
	case "":
		c.body.complain("type", "is missing: say what it is, such as API, Prometheus or Zabbix")
	case emailType:
		c.body.complain("type", "Email is not served yet: what is sent to its address would be lost")
	}
	return said
}

// integrationIn names an integration.
type integrationIn struct {
	id core.IntegrationID
	of core.TeamID // that the caller's key is bound to
}

func (in *integrationIn) read(c *call) {
	in.id, in.of = core.IntegrationID(c.identifier("id")), c.key.Team
}

// integrationFieldsIn says all that an integration is to be.
type integrationFieldsIn struct {
	asker
	integrationIn
	typ    string
	fields state.IntegrationFields
}

// accessFlags are the rights of an integration's key as bodies and replies call them.
var accessFlags = []struct {
	name  string
	right state.Rights
}{
	{"allowReadAccess", state.Read}, {"allowWriteAccess", state.Write}, {"allowDeleteAccess", state.Delete}, {"allowConfigurationAccess", state.Configure},
}

func (in *integrationFieldsIn) read(c *call) {
	in.asker = c.asker()
	in.integrationIn.read(c)
	b, f := c.body, &in.fields
	in.typ = c.integrationType()
	if said := b.text("id"); said != "" && in.id != "" && said != string(in.id) {
		b.complain("id", "is that of another integration than the path's")
	}
	name, ignore, owner := b.text("name"), b.truth("ignoreRespondersFromPayload"), state.Pick{}
	for _, key := range []string{"assignedTeam", "ownerTeam"} { // the Go client says both
		if said := b.saidPick(key); said != nil {
			owner = *said
		}
	}
	if in.of != "" {
		owner = state.Pick{ID: string(in.of)}
	}
	responders := append([]state.Party{}, b.responders()...) // an empty list is said, too
	f.Name, f.Enabled, f.IgnoreResponders, f.Owner, f.Responders = &name, b.saidTruth("enabled"), &ignore, &owner, &responders
	f.Rights, f.UnsaidRights = new(state.Rights), 0
	for _, flag := range accessFlags {
		switch said := b.saidTruth(flag.name); {
		case said == nil:
			f.UnsaidRights |= flag.right
		case *said:
			*f.Rights |= flag.right
		}
	}
	if b.truth("suppressNotifications") {
		b.complain("suppressNotifications", "is not served yet: a notification policy of the team that suppresses does the same")
	}
	if in.typ == webhookType {
		f.Webhook = b.webhook()
	}
}

// responders reads responders, or recipients, as they were called before.
func (o object) responders() []state.Party {
	if o.has("responders") {
		return o.parties("responders")
	}
	return o.parties("recipients")
}

// webhook reads what a Webhook integration has besides.
func (o object) webhook() *state.Webhook {
	w := &state.Webhook{URL: o.text("url"), Description: o.truth("addAlertDescription"), Details: o.truth("addAlertDetails")}
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		o.complain("url", "must be the address to call, such as https://hooks.example.vn/alerts")
	}
	if len(o.pairs("headers")) > 0 {
		o.complain("headers", "are not kept yet: they hold secrets, and nothing is sent")
	}
	return w
}

// newKey returns a key that nobody else makes, in the form that Opsgenie's have, and its hash.
func newKey() (secret string, hash []byte) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails, by its contract
	random[6], random[8] = random[6]&0x0f|0x40, random[8]&0x3f|0x80
	secret = fmt.Sprintf("%x-%x-%x-%x-%x", random[:4], random[4:6], random[6:8], random[8:10], random[10:])
	sum := sha256.Sum256([]byte(secret))
	return secret, sum[:]
}

// keyedIntegration is an integration with its key, which is told this once.
type keyedIntegration struct {
	integrationSummary
	APIKey string `json:"apiKey"`
}

// createIntegration makes an integration with the rules that its type has, and its key.
func (a *API) createIntegration(ctx context.Context, in *integrationFieldsIn) (*written, error) {
	secret, hash := newKey()
	k := state.CreateIntegration{Type: in.typ, Fields: in.fields, Hash: hash}
	if rules := a.DefaultActions(in.typ); len(rules) > 0 {
		k.Fields.Actions = &[]state.ActionFields{}
		for _, r := range rules {
			*k.Fields.Actions = append(*k.Fields.Actions, state.ActionFields{Action: r})
		}
	}
	i, err := do(ctx, a, in.seed, k)
	return created(keyedIntegration{integrationSummaryOf(&i), secret}), err
}

// changeIntegration replaces what is said of an integration, and tells it as it is then.
func (a *API) changeIntegration(ctx context.Context, in *integrationFieldsIn) (*written, error) {
	if _, err := do(ctx, a, in.seed, state.ChangeIntegration{ID: in.id, Fields: in.fields, Of: in.of, Type: in.typ}); err != nil {
		return nil, err
	}
	var out integrationRecord
	err := a.Store.View(ctx, true, func(tx table.Reader) (err error) {
		out, err = getIntegration(tx, &in.integrationIn)
		return err
	})
	return updated(out), err
}

func deleteIntegration(in *integrationIn) state.DeleteIntegration {
	return state.DeleteIntegration{ID: in.id, Of: in.of}
}

// enableIntegration makes the command that switches an integration on or off.
func enableIntegration(on bool) func(*integrationIn) state.ChangeIntegration {
	return func(in *integrationIn) state.ChangeIntegration {
		return state.ChangeIntegration{ID: in.id, Of: in.of, Fields: state.IntegrationFields{Enabled: &on}}
	}
}

func integrationSwitched(result string) func(state.Integration) *written {
	return func(i state.Integration) *written {
		return &written{http.StatusCreated, result, integrationSummaryOf(&i)}
	}
}

// renewKeyIn names the integration that is to have another key.
type renewKeyIn struct {
	asker
	integrationIn
}

func (in *renewKeyIn) read(c *call) {
	in.asker = c.asker()
	in.integrationIn.read(c)
}

// renewKey gives an integration another key and tells it, this once.
func (a *API) renewKey(ctx context.Context, in *renewKeyIn) (*written, error) {
	secret, hash := newKey()
	i, err := do(ctx, a, in.seed, state.RenewKey{ID: in.id, Hash: hash, Of: in.of})
	return created(keyedIntegration{integrationSummaryOf(&i), secret}), err
}

// authenticateIn says of which type an integration should be.
type authenticateIn struct {
	asker
	typ string
}

func (in *authenticateIn) read(c *call) { in.asker, in.typ = c.asker(), c.integrationType() }

// authenticateIntegration says whether the caller's key is that of an integration of a type. One
// that is disabled has not come so far.
func (a *API) authenticateIntegration(ctx context.Context, in *authenticateIn) (*written, error) {
	var typ string
	err := a.Store.View(ctx, false, func(tx table.Reader) error {
		typ = state.TypeOf(tx, in.key.ID)
		return nil
	})
	if err == nil && !strings.EqualFold(typ, in.typ) {
		err = &core.Error{Kind: core.Forbidden, Words: "This API key is not that of an integration of the type " + in.typ + "."}
	}
	return &written{http.StatusOK, "Authenticated", nil}, err
}
