package sdktest

import (
	"github.com/opsgenie/opsgenie-go-sdk-v2/account"

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
