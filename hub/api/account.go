package api

import (
	"math"

	"keng/hub/state"
)

// account is whose hub this is, as Opsgenie tells it.
type account struct {
	Name      string      `json:"name"`
	UserCount int         `json:"userCount"`
	Plan      accountPlan `json:"plan"`
}

// accountPlan is what has been bought, which here is nothing.
type accountPlan struct {
	MaxUserCount int    `json:"maxUserCount"`
	Name         string `json:"name"`
	IsYearly     bool   `json:"isYearly"`
}

// getAccount tells the cluster's name and how many people there are. Clients ask for the plan to
// see whether one more person may be made: that is so, always.
func getAccount(tx reader, _ *nothingIn) (account, error) {
	out := account{Plan: accountPlan{MaxUserCount: math.MaxInt32, Name: "self-hosted"}}
	if c, ok := state.GetCluster(tx); ok {
		out.Name = c.Name
	}
	for range state.Users.All(tx) {
		out.UserCount++
	}
	return out, nil
}
