package sdktest

import (
	"fmt"
	"net/http"

	"github.com/opsgenie/opsgenie-go-sdk-v2/account"
	sdk "github.com/opsgenie/opsgenie-go-sdk-v2/client"

	"keng/hub/client"
)

// The account has a name and a plan, and counts the people.
func checkAccount(c *caller) {
	get := func() *account.GetResult {
		c.catchUp()
		return must(c.read.account.Get(c.ctx, &account.GetRequest{}))(c)
	}
	before := get()
	if before.Name == "" || before.Plan.Name == "" {
		c.errorf("the account: %+v", before)
	}
	must(c.write.hub.CreateUser(c.ctx, client.NewUser{Username: c.word() + "@example.vn", FullName: "Bình", Role: client.Thing{Name: "User"}}))(c)
	want(c, "the number of people", get().UserCount, before.UserCount+1)
}

// limitsRequest asks for the request limits, for which the client has no method: the tool that
// backs configurations up asks in its own way.
type limitsRequest struct{ sdk.BaseRequest }

func (*limitsRequest) Validate() error      { return nil }
func (*limitsRequest) ResourcePath() string { return "/v2/request-limits/" }
func (*limitsRequest) Method() string       { return http.MethodGet }

// limits is the answer to that.
type limits struct {
	sdk.ResultMetadata
	RateLimits []struct {
		Domain string `json:"domain"`
		Limits []struct {
			Limit           int `json:"limit"`
			PeriodInSeconds int `json:"periodInSeconds"`
		} `json:"limits"`
	} `json:"rateLimits"`
}

// The limits are told that were set, by the domain, and none when there are none.
func checkLimits(c *caller) {
	told := func() string {
		c.catchUp()
		var got limits
		if err := c.read.sdk.Exec(c.ctx, &limitsRequest{}, &got); err != nil {
			c.fatalf("%v", err)
		}
		return fmt.Sprint(got.RateLimits)
	}
	want(c, "what is told at first", told(), "[]")
	// Nothing that the tests ask for counts as an incident.
	must(c.write.hub.PutRateLimits(c.ctx, client.RateLimits{Limits: []client.RateLimit{{Domain: "incident", PerSecond: 5, PerMinute: 70}}}))(c)
	want(c, "what is told then", told(), "[{incident [{5 1} {70 60}]}]")
	if err := c.write.hub.DeleteRateLimits(c.ctx); err != nil {
		c.fatalf("%v", err)
	}
	want(c, "what is told in the end", told(), "[]")
}
