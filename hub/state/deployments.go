package state

import (
	"fmt"
	"slices"
	"time"

	"keng/hub/core"
	"keng/raftstore/table"
)

// Deployment is something that was put to work somewhere: what people look for first when an
// alert comes.
type Deployment struct {
	Number      uint64             `cbor:"1,keyasint"` // in the order in which they were told, from 1
	ID          string             `cbor:"2,keyasint"`
	ExternalID  string             `cbor:"3,keyasint,omitempty"` // what the caller calls it
	State       string             `cbor:"4,keyasint"`           // one of [DeploymentStates]
	Environment Environment        `cbor:"5,keyasint"`
	StartedAt   time.Time          `cbor:"6,keyasint,omitzero"`
	CompletedAt time.Time          `cbor:"7,keyasint,omitzero"`
	Message     string             `cbor:"8,keyasint,omitempty"`
	Description string             `cbor:"9,keyasint,omitempty"`
	Link        string             `cbor:"10,keyasint,omitempty"` // where the caller tells more of it
	Releases    []Release          `cbor:"11,keyasint"`
	CreatedAt   time.Time          `cbor:"12,keyasint"`
	UpdatedAt   time.Time          `cbor:"13,keyasint"`
	Integration core.IntegrationID `cbor:"14,keyasint,omitempty"` // whose key it came by
}

// Environment is where something is put to work.
type Environment struct {
	Type string `cbor:"1,keyasint"` // one of [EnvironmentTypes]
	ID   string `cbor:"2,keyasint"`
	Name string `cbor:"3,keyasint,omitempty"`
}

// Release is what is put to work: a commit in a repository of Bitbucket's cloud.
type Release struct {
	Workspace     string `cbor:"1,keyasint"`
	WorkspaceType string `cbor:"2,keyasint"` // name or bbcUuid
	Repository    string `cbor:"3,keyasint"`
	Commit        string `cbor:"4,keyasint"`
}

// The words of the API for what a deployment can be.
var (
	DeploymentStates = []string{"initial", "started", "successful", "failed"}
	EnvironmentTypes = []string{"Test", "Staging", "Production"}
)

// The bounds of deployments.
const (
	DeploymentsMax    = 10_000 // of those before the oldest goes
	ReleasesMax       = 50     // of one deployment
	DeploymentTextMax = 500    // characters of an id, a name or a message
	deploymentLinkMax = 2_000  // characters
)

// What requests about deployments are called, and what is told of them.
const (
	createsDeployment    = "CreateDeployment"
	updatesDeployment    = "UpdateDeploymentState"
	deploymentHasCreated = "Created deployment"
	deploymentHasUpdated = "Updated deployment state"
	noSuchDeployment     = "Deployment does not exist"
)

// The first index is by id, the second by what callers call it, the newest first.
var (
	deploymentsByID = table.NewIndex(1, "id", true, func(d *Deployment) []table.Key { return []table.Key{table.K().String(d.ID)} })

	deploymentsByExternal = table.NewIndex(2, "external id", false, func(d *Deployment) []table.Key {
		if d.ExternalID == "" {
			return nil
		}
		return []table.Key{table.K().String(d.ExternalID).Uint64(^d.Number)}
	})
)

// Deployments holds the deployments, the newest [DeploymentsMax] of them.
var Deployments = table.New(64, "deployments", func(d *Deployment) table.Key { return table.K().Uint64(d.Number) }, deploymentsByID, deploymentsByExternal)

// DeploymentRef names a deployment: by its id, or by what the caller calls it. Of several that are
// called the same the newest of the caller's own is meant, else the newest: build 17 is of many a pipeline.
type DeploymentRef struct {
	ID       string             `cbor:"1,keyasint,omitempty"`
	External string             `cbor:"2,keyasint,omitempty"`
	By       core.IntegrationID `cbor:"3,keyasint,omitempty"` // the caller's
}

// sameDeployments is how many deployments that are called the same are looked at.
const sameDeployments = 100

// FindDeployment returns the deployment that a reference names, or an error of kind [core.NotFound].
func FindDeployment(r table.Reader, ref DeploymentRef) (*Deployment, error) {
	if ref.External != "" {
		var newest *Deployment
		looked := 0
		for d := range deploymentsByExternal.Find(r, table.K().String(ref.External)) {
			if d.Integration == ref.By {
				return d, nil
			}
			if newest == nil {
				newest = d
			}
			if looked++; looked == sameDeployments {
				break
			}
		}
		if newest != nil {
			return newest, nil
		}
	} else if d, ok := deploymentsByID.Get(r, table.K().String(ref.ID)); ok {
		return d, nil
	}
	return nil, core.Missing("Deployment", firstRunes(ref.ID+ref.External, NameMax))
}

// GetDeploymentRequest returns what became of a request about deployments.
func GetDeploymentRequest(r table.Reader, id string) (*Request, bool) {
	row, ok := GetRequest(r, id)
	return row, ok && slices.Contains([]string{createsDeployment, updatesDeployment}, row.Action)
}

// Check says what is wrong with a deployment as it is told, by the API's names of fields.
func (d *Deployment) Check() error {
	wrong := faults{}
	if !slices.Contains(DeploymentStates, d.State) {
		wrong.add("state", "must be initial, started, successful or failed")
	}
	if !slices.Contains(EnvironmentTypes, d.Environment.Type) {
		wrong.add("environment.type", "must be Test, Staging or Production")
	}
	wrong.needed("environment.id", d.Environment.ID)
	wrong.length("environment.displayName", d.Environment.Name, DeploymentTextMax)
	wrong.length("externalId", d.ExternalID, DeploymentTextMax)
	wrong.length("message", d.Message, DeploymentTextMax)
	wrong.length("description", d.Description, TextMax)
	wrong.length("externalLink", d.Link, deploymentLinkMax)
	wrong.count("releases", len(d.Releases), ReleasesMax)
	if len(d.Releases) == 0 {
		wrong.add("releases", "must name at least one: what is put to work")
	}
	for i, r := range d.Releases[:min(len(d.Releases), ReleasesMax)] {
		at := fmt.Sprintf("releases[%d].", i)
		wrong.needed(at+"repository.workspace.identifier", r.Workspace)
		wrong.needed(at+"repository.repoSlug", r.Repository)
		wrong.needed(at+"commit.sha", r.Commit)
		if r.WorkspaceType != "name" && r.WorkspaceType != "bbcUuid" {
			wrong.add(at+"repository.workspace.type", "must be name or bbcUuid")
		}
	}
	return wrong.err()
}

// needed complains about a short text that is empty or too long.
func (f faults) needed(field, text string) {
	f.length(field, text, DeploymentTextMax)
	if text == "" {
		f.add(field, "is missing")
	}
}

// CreateDeployment tells of a deployment. The oldest makes room where there are too many.
type CreateDeployment struct {
	Request    string     `cbor:"1,keyasint"` // id under which the request's status is asked for
	Deployment Deployment `cbor:"2,keyasint"` // its number, id and times of writing do not count
}

func (CreateDeployment) number() number { return createDeployment }

func (k CreateDeployment) apply(c *change) (Request, error) {
	d := k.Deployment
	r := Request{ID: k.Request, Action: createsDeployment, Integration: d.Integration, Success: true, Status: deploymentHasCreated}
	if err := d.Check(); err != nil {
		return r, err
	}
	d.Number, d.ID, d.CreatedAt, d.UpdatedAt = c.next("deployment"), c.newID("deployment"), c.now, c.now
	r.Deployment = d.ID
	if d.Number > DeploymentsMax {
		Deployments.Delete(c.tx, table.K().Uint64(d.Number-DeploymentsMax))
	}
	if err := Deployments.Insert(c.tx, &d); err != nil {
		return r, err
	}
	return r, c.answer(&r)
}

// UpdateDeployment says how far a deployment has come. One that is over without saying when is so
// now.
type UpdateDeployment struct {
	Request     string             `cbor:"1,keyasint"`
	Deployment  DeploymentRef      `cbor:"2,keyasint"`
	State       string             `cbor:"3,keyasint"`
	CompletedAt time.Time          `cbor:"4,keyasint,omitzero"`
	Integration core.IntegrationID `cbor:"5,keyasint,omitempty"`
}

func (UpdateDeployment) number() number { return updateDeployment }

func (k UpdateDeployment) apply(c *change) (Request, error) {
	r := Request{ID: k.Request, Action: updatesDeployment, Integration: k.Integration, Status: noSuchDeployment}
	if !slices.Contains(DeploymentStates, k.State) {
		return r, core.Invalid("state", "must be initial, started, successful or failed")
	}
	d, err := FindDeployment(c.tx, k.Deployment)
	if err != nil {
		return r, c.answer(&r)
	}
	d.State, d.UpdatedAt = k.State, c.now
	over := k.State == "successful" || k.State == "failed"
	switch {
	case !over:
		d.CompletedAt = time.Time{}
	case !k.CompletedAt.IsZero():
		d.CompletedAt = k.CompletedAt
	case d.CompletedAt.IsZero():
		d.CompletedAt = c.now
	}
	if err := Deployments.Put(c.tx, d); err != nil {
		return r, err
	}
	r.Success, r.Status, r.Deployment = true, deploymentHasUpdated, d.ID
	return r, c.answer(&r)
}
