package api

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// deploymentRoutes is the part of the table about deployments: what pipelines tell of what they
// put to work. Writes are answered as those of alerts.
func deploymentRoutes() []route {
	const read, write, all = state.Read, state.Write, "/v2/deployments"
	return []route{
		{"POST", all, write, false, configurationDomain, on((*API).createDeployment)},
		{"GET", all + "/requests/{requestId}", read | write, false, configurationDomain, on((*API).getDeploymentRequest)},
		{"GET", all + "/{identifier}", read, false, configurationDomain, on((*API).getDeployment)},
		{"PUT", all + "/{identifier}/updateState", write, false, configurationDomain, on((*API).updateDeployment)},
	}
}

// deploymentIn is a deployment as it is told.
type deploymentIn struct {
	asker
	deployment state.Deployment
}

func (in *deploymentIn) read(c *call) {
	in.asker = c.asker()
	b, d := c.body, &in.deployment
	env, _ := b.child("environment")
	*d = state.Deployment{
		ExternalID: b.text("externalId"), State: b.spelt("state", state.DeploymentStates),
		Environment: state.Environment{Type: env.spelt("type", state.EnvironmentTypes), ID: env.text("id"), Name: env.text("displayName")},
		StartedAt:   b.time("startedAt"), CompletedAt: b.time("completedAt"), Message: b.text("message"), Description: b.text("description"),
		Link: b.text("externalLink"), Integration: c.key.ID,
	}
	for _, o := range b.objects("releases") {
		if len(d.Releases) > state.ReleasesMax {
			break // told of by the check
		}
		d.Releases = append(d.Releases, o.release())
	}
	if d.Link != "" {
		if u, err := url.Parse(d.Link); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			b.complain("externalLink", "must be an address such as https://ci.example.vn/builds/17")
		}
	}
	c.blameMissing(d.Check())
}

// blameMissing takes what an error says of fields over of which nothing was said yet.
func (c *call) blameMissing(err error) {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return
	}
	for field, why := range e.Fields {
		if c.wrong[field] == "" {
			c.wrong[field] = why
		}
	}
}

// release reads what is put to work.
func (o object) release() state.Release {
	if kind := o.text("type"); kind != "" && !strings.EqualFold(kind, releaseType) {
		o.complain("type", "must be bbc: other sorts of release are not known")
	}
	repository, _ := o.child("repository")
	workspace, _ := repository.child("workspace")
	commit, _ := o.child("commit")
	r := state.Release{Workspace: workspace.text("identifier"), WorkspaceType: workspace.text("type"), Repository: repository.text("repoSlug"), Commit: commit.text("sha")}
	if r.WorkspaceType == "" {
		r.WorkspaceType = "name"
	}
	return r
}

// releaseType is a repository in Bitbucket's cloud.
const releaseType = "bbc"

// spelt returns a text as it is in a list of words, whatever the case of its letters.
func (o object) spelt(key string, words []string) string {
	said := o.text(key)
	if i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, said) }); i >= 0 {
		return words[i]
	}
	return said
}

// time returns a moment, zero if it is absent. The Go client sends the year 1 for that.
func (o object) time(key string) time.Time {
	if said := o.saidMoment(key); said != nil && said.Year() > 1 {
		return *said
	}
	return time.Time{}
}

func (a *API) createDeployment(ctx context.Context, in *deploymentIn) (*ack, error) {
	_, err := do(ctx, a, in.seed, state.CreateDeployment{Request: in.requestID, Deployment: in.deployment})
	return &ack{}, err
}

// deployment returns which deployment the path names: by its id, or with an identifierType by
// what the caller calls it.
func (c *call) deployment() state.DeploymentRef {
	id := c.identifier("identifier")
	parameter := "identifierType"
	if c.query(parameter) == "" {
		parameter = "type" // as the Go client has it in one place
	}
	if c.choice(parameter, "id", "api", "pipelines") == "id" {
		return state.DeploymentRef{ID: id}
	}
	return state.DeploymentRef{External: id, By: c.key.ID}
}

// deploymentStateIn says how far a deployment has come.
type deploymentStateIn struct {
	asker
	of        state.DeploymentRef
	state     string
	completed time.Time
}

func (in *deploymentStateIn) read(c *call) {
	in.asker, in.of = c.asker(), c.deployment()
	in.state, in.completed = c.body.spelt("state", state.DeploymentStates), c.body.time("completedAt")
	if !slices.Contains(state.DeploymentStates, in.state) && c.wrong["state"] == "" {
		c.wrong["state"] = "must be initial, started, successful or failed"
	}
}

func (a *API) updateDeployment(ctx context.Context, in *deploymentStateIn) (*ack, error) {
	_, err := do(ctx, a, in.seed, state.UpdateDeployment{Request: in.requestID, Deployment: in.of, State: in.state, CompletedAt: in.completed, Integration: in.key.ID})
	return &ack{}, err
}

// deploymentRequest is what became of a request about deployments.
type deploymentRequest struct {
	Success       bool               `json:"success"`
	IsSuccess     bool               `json:"isSuccess"`
	Action        string             `json:"action"`
	ProcessedAt   moment             `json:"processedAt"`
	IntegrationID core.IntegrationID `json:"integrationId"`
	Status        string             `json:"status"`
	DeploymentID  string             `json:"deploymentId"`
}

func (a *API) getDeploymentRequest(ctx context.Context, in *getRequestIn) (*data[deploymentRequest], error) {
	var out data[deploymentRequest]
	err := a.look(ctx, func(tx table.Reader) error {
		r, ok := state.GetDeploymentRequest(tx, in.id)
		if !ok {
			return core.Missing("request", in.id)
		}
		out.of = deploymentRequest{r.Success, r.Success, r.Action, moment{r.ProcessedAt}, r.Integration, r.Status, r.Deployment}
		return nil
	})
	if err != nil && core.KindOf(err) == core.NotFound {
		return nil, notProcessed()
	}
	return &out, err
}

// deploymentsRead asks for a deployment, with its releases or without.
type deploymentsRead struct {
	of     state.DeploymentRef
	expand bool
}

func (in *deploymentsRead) read(c *call) {
	in.of, in.expand = c.deployment(), c.query("expand") == "releases"
}

// deploymentRecord is a deployment as replies tell it.
type deploymentRecord struct {
	ID          string            `json:"id"`
	ExternalID  string            `json:"externalId,omitempty"`
	Type        string            `json:"type"`
	State       string            `json:"state"`
	Environment environmentRecord `json:"environment"`
	StartedAt   moment            `json:"startedAt"`
	CompletedAt moment            `json:"completedAt"`
	Message     string            `json:"message,omitempty"`
	Description string            `json:"description,omitempty"`
	Link        string            `json:"externalLink,omitempty"`
	CreatedAt   moment            `json:"createdAt"`
	UpdatedAt   moment            `json:"updatedAt"`
	Releases    []releaseRecord   `json:"releases,omitempty"`
}

type environmentRecord struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"displayName,omitempty"`
}

type releaseRecord struct {
	Type       string           `json:"type"`
	Repository repositoryRecord `json:"repository"`
	Commit     struct {
		SHA string `json:"sha"`
	} `json:"commit"`
}

type repositoryRecord struct {
	Workspace struct {
		Identifier string `json:"identifier"`
		Type       string `json:"type"`
	} `json:"workspace"`
	Slug string `json:"repoSlug"`
}

func releaseOf(r state.Release) (out releaseRecord) {
	out.Type, out.Repository.Slug, out.Commit.SHA = releaseType, r.Repository, r.Commit
	out.Repository.Workspace.Identifier, out.Repository.Workspace.Type = r.Workspace, r.WorkspaceType
	return out
}

// expandable is data of which more can be asked for.
type expandable[T any] struct {
	data[T]
	by []string
}

func (x *expandable[T]) fill(e *envelope) int {
	e.Expandable = x.by
	return x.data.fill(e)
}

// getDeployment tells a deployment, and its releases only to who asks for them: the Go client
// cannot read any.
func (a *API) getDeployment(ctx context.Context, in *deploymentsRead) (*expandable[deploymentRecord], error) {
	out := &expandable[deploymentRecord]{by: []string{"releases"}}
	err := a.look(ctx, func(tx table.Reader) error {
		d, err := state.FindDeployment(tx, in.of)
		if err != nil {
			return err
		}
		out.of = deploymentRecord{
			ID: d.ID, ExternalID: d.ExternalID, Type: "api", State: d.State, Environment: environmentRecord(d.Environment), StartedAt: moment{d.StartedAt},
			CompletedAt: moment{d.CompletedAt}, Message: d.Message, Description: d.Description, Link: d.Link, CreatedAt: moment{d.CreatedAt}, UpdatedAt: moment{d.UpdatedAt},
		}
		for _, r := range d.Releases {
			if in.expand {
				out.of.Releases = append(out.of.Releases, releaseOf(r))
			}
		}
		return nil
	})
	return out, err
}
