package api

import (
	"context"
	"slices"

	"keng/hub/state"
)

// anyone is the right of a route that needs no key.
const anyone state.Rights = 0

// Rate-limit domains: what is counted together, of [state.RateLimitDomains].
const (
	alertDomain         = "alert"
	searchDomain        = "search"
	configurationDomain = "configuration"
	heartbeatDomain     = "heartbeat"
	onCallDomain        = "schedule-oncalls"
	integrationDomain   = "integration-configuration"
	toolDomain          = "integration"
	noDomain            = ""
)

// route is one operation.
type route struct {
	Method string
	// Path is a pattern as in OpenAPI. "{name...}" takes one or more segments: clients do
	// not escape the slashes of an alias.
	Path string
	// Right is what the caller's key needs, any one of them if there are several.
	Right state.Rights
	// Whole refuses keys that are bound to a team: the operation is about everybody.
	Whole  bool
	Domain string
	Handle handler
}

// routes is the table of all operations.
func routes() []route {
	const read, write, configure = state.Read, state.Write, state.Configure
	return slices.Concat([]route{
		{"POST", "/v2/alerts", write, false, alertDomain, on((*API).createAlert)},
		{"GET", "/v2/alerts", read, false, searchDomain, on((*API).listAlerts)},
		{"GET", "/v2/alerts/requests/{requestId}", read | write, false, alertDomain, on((*API).getRequest)},
		{"GET", "/v2/alerts/{identifier...}", read, false, alertDomain, on((*API).getAlert)},
		{"GET", "/v2/alerts/{identifier...}/logs", read, false, alertDomain, on((*API).listLogs)},

		{"GET", "/keng/v1/alerts/{identifier...}/deliveries", read, false, alertDomain, on((*API).listDeliveries)},
		{"GET", "/keng/v1/notices", read, true, configurationDomain, on((*API).listNotices)},
		{"GET", "/keng/v1/alerts/{identifier...}/log", read, false, alertDomain, on((*API).getLog)},
		{"POST", "/keng/v1/tokens", configure, true, configurationDomain, on((*API).createToken)},
		{"GET", "/keng/v1/tokens", configure, true, configurationDomain, on((*API).listTokens)},
		{"DELETE", "/keng/v1/tokens/{id}", configure, true, configurationDomain, change(revokeToken, deleted[state.Nothing])},
		{"GET", "/keng/v1/peers", read, false, configurationDomain, on((*API).listPeers)},
		{"PATCH", "/keng/v1/peers/{id}", configure, true, configurationDomain, change(renamePeer, peerChanged)},
		{"POST", "/keng/v1/peers/{id}/revoke", configure, true, configurationDomain, change(revokePeer, peerChanged)},
		{"GET", "/keng/v1/cluster", read, true, configurationDomain, on((*API).getCluster)},
		{"POST", "/keng/v1/cluster/tokens", configure, true, configurationDomain, on((*API).createNodeToken)},
		{"DELETE", "/keng/v1/cluster/nodes/{id}", configure, true, configurationDomain, on((*API).removeNode)},
		{"GET", "/keng/v1/cluster/authority", read, true, configurationDomain, on((*API).getAuthority)},
		{"POST", "/keng/v1/cluster/authority", configure, true, configurationDomain, on((*API).rotateAuthority)},
		{"POST", "/keng/v1/cluster/transfer", configure, true, configurationDomain, on((*API).transferLeadership)},

		{"GET", "/v2/account", read, false, configurationDomain, tell(getAccount)},

		{"GET", "/healthz", anyone, false, noDomain, on((*API).getHealth)},
		{"GET", "/readyz", anyone, false, noDomain, on((*API).getReadiness)},
		{"GET", "/openapi.yaml", anyone, false, noDomain, on((*API).getContract)},
	}, alertMoveRoutes(), alertReadRoutes(), attachmentRoutes(), savedSearchRoutes(), configurationRoutes(), calendarRoutes(), checkRoutes(), heartbeatRoutes(), policyRoutes(), maintenanceRoutes(),
		feedRoutes(), importRoutes(), catchAllRoutes(), defaultTeamRoutes(), lintRoutes(), reachabilityRoutes(), rehearsalRoutes(), explanationRoutes(),
		rateLimitRoutes(), integrationRoutes(), deploymentRoutes(), logFileRoutes(), intakeRoutes())
}

// handler reads what is asked out of a call and answers it.
type handler func(a *API, ctx context.Context, c *call) (outcome, error)

// question is a pointer to a struct that can be read out of a call.
type question[In any] interface {
	*In
	read(c *call)
}

// on makes a handler of a typed function. The function is called only if the question
// could be read without complaint.
func on[In any, P question[In], Out outcome](f func(*API, context.Context, P) (Out, error)) handler {
	return func(a *API, ctx context.Context, c *call) (outcome, error) {
		in, err := asked[In, P](c)
		if err != nil {
			return nil, err
		}
		return f(a, ctx, in)
	}
}

// asked reads what a call asks, its body first, and says all that is wrong with it.
func asked[In any, P question[In]](c *call) (P, error) {
	if err := c.readBody(); err != nil {
		return nil, err
	}
	in := P(new(In))
	in.read(c)
	return in, c.complaint()
}
