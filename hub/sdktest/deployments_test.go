package sdktest

import (
	"net/http"
	"time"

	"github.com/opsgenie/opsgenie-go-sdk-v2/deployment"
)

// deploy tells of a deployment and returns what the other node knows became of the request.
func (c *caller) deploy(change ...func(*deployment.CreateDeploymentRequest)) *deployment.RequestStatusResult {
	request := &deployment.CreateDeploymentRequest{
		State: deployment.Started, Environment: &deployment.Environment{Type: deployment.Production, Id: "prod-1", DisplayName: "The shop"}, StartedAt: time.Now(),
		Message: c.word(), ExternalId: c.word(), Releases: []deployment.Release{&deployment.BBCRelease{
			Repository: deployment.Repository{Workspace: deployment.Workspace{Identifier: "shop"}, RepoSlug: "web"}, Commit: deployment.Commit{Sha: "0a1b2c"},
		}},
	}
	for _, f := range change {
		f(request)
	}
	return c.deployed(c.write.deployments.Create(c.ctx, request))
}

// deployed returns what the other node tells of a write.
func (c *caller) deployed(result *deployment.AsyncDeploymentResult, err error) *deployment.RequestStatusResult {
	if err != nil {
		c.fatalf("%v", err)
	}
	want(c, "the acknowledgement", result.Result, "Request will be processed")
	return must(c.read.deployments.GetRequestStatus(c.ctx, &deployment.GetRequestStatusRequest{RequestId: result.RequestId}))(c)
}

// deployment returns a deployment as the other node tells it.
func (c *caller) deployment(id string) *deployment.GetDeploymentResult {
	c.catchUp()
	return must(c.read.deployments.Get(c.ctx, &deployment.GetDeploymentRequest{IdentifierValue: id}))(c)
}

// A deployment that is told of is there with all that was said.
func checkCreateDeployment(c *caller) {
	begun := time.Now().Add(-time.Minute)
	var name string
	made := c.deploy(func(r *deployment.CreateDeploymentRequest) { r.StartedAt, name = begun, r.ExternalId })
	want(c, "what was done", made.Action+", "+made.Status, "CreateDeployment, Created deployment")
	got := c.deployment(made.DeploymentId)
	want(c, "the deployment", got.Id+", "+got.ExternalId+", "+got.State, made.DeploymentId+", "+name+", started")
	want(c, "where it is", got.Environment, deployment.Environment{Type: deployment.Production, Id: "prod-1", DisplayName: "The shop"})
	want(c, "since when", got.StartedAt.UnixMilli(), begun.UnixMilli())
	want(c, "whether it is over", got.CompletedAt.IsZero(), true)
	_, err := c.write.deployments.Create(c.ctx, &deployment.CreateDeploymentRequest{State: "flying", Environment: &deployment.Environment{Type: deployment.Test, Id: "t"}, Releases: []deployment.Release{&deployment.BBCRelease{
		Repository: deployment.Repository{Workspace: deployment.Workspace{Identifier: "shop"}, RepoSlug: "web"}, Commit: deployment.Commit{Sha: "0a1b2c"},
	}}})
	if why := c.refused(err, http.StatusUnprocessableEntity); why.Errors["state"] == "" {
		c.errorf("why is not said: %v", why)
	}
}

// A deployment is found by its id and by what the caller calls it.
func checkGetDeployment(c *caller) {
	var name string
	made := c.deploy(func(r *deployment.CreateDeploymentRequest) { name = r.ExternalId })
	want(c, "by the id", c.deployment(made.DeploymentId).ExternalId, name)
	for _, kind := range []deployment.DeploymentIdentifier{deployment.API, deployment.PIPELINES} {
		got := must(c.read.deployments.Get(c.ctx, &deployment.GetDeploymentRequest{IdentifierType: kind, IdentifierValue: name}))(c)
		want(c, "by its name", got.Id, made.DeploymentId)
	}
	_, err := c.read.deployments.Get(c.ctx, &deployment.GetDeploymentRequest{IdentifierValue: c.word()})
	c.refused(err, http.StatusNotFound)
}

// A deployment comes as far as is said.
func checkUpdateDeployment(c *caller) {
	var name string
	made := c.deploy(func(r *deployment.CreateDeploymentRequest) { name = r.ExternalId })
	over := time.Now()
	done := c.deployed(c.write.deployments.UpdateState(c.ctx, &deployment.UpdateDeploymentStateRequest{IdentifierType: deployment.PIPELINES, IdentifierValue: name, State: deployment.Failed, CompletedAt: over}))
	want(c, "what was done", done.Action+", "+done.Status+", "+done.DeploymentId, "UpdateDeploymentState, Updated deployment state, "+made.DeploymentId)
	got := c.deployment(made.DeploymentId)
	want(c, "its state", got.State, "failed")
	want(c, "when it was over", got.CompletedAt.UnixMilli(), over.UnixMilli())
	missing := c.deployed(c.write.deployments.UpdateState(c.ctx, &deployment.UpdateDeploymentStateRequest{IdentifierValue: c.word(), State: deployment.Failed}))
	want(c, "of one that is not", missing.Status, "Deployment does not exist")
	want(c, "whether that succeeded", missing.IsSuccess, false)
}

// Any node tells what became of a request, and of one that was never made that it is not processed yet.
func checkDeploymentRequest(c *caller) {
	made := c.deploy()
	want(c, "whether it succeeded", made.IsSuccess, true)
	want(c, "which deployment it is", c.deployment(made.DeploymentId).Id, made.DeploymentId)
	if made.ProcessedAt.IsZero() {
		c.errorf("when it was done is not said")
	}
	missing := c.deployed(c.write.deployments.UpdateState(c.ctx, &deployment.UpdateDeploymentStateRequest{IdentifierValue: c.word(), State: deployment.Failed}))
	want(c, "whether something that cannot be done succeeded", missing.IsSuccess, false)
	_, err := c.read.deployments.GetRequestStatus(c.ctx, &deployment.GetRequestStatusRequest{RequestId: c.word()})
	want(c, "the kind of the error", c.refused(err, http.StatusNotFound).ErrorHeader, "RequestNotProcessed")
}
