package sdktest

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/opsgenie/opsgenie-go-sdk-v2/heartbeat"
	"github.com/opsgenie/opsgenie-go-sdk-v2/og"
)

// beat makes a heartbeat of a minute and returns its name.
func (c *caller) beat() string {
	name := c.word()
	enabled := true
	must(c.write.heartbeats.Add(c.ctx, &heartbeat.AddRequest{Name: name, Interval: 1, IntervalUnit: heartbeat.Minutes, Enabled: &enabled}))(c)
	c.catchUp()
	return name
}

// heartbeat returns a heartbeat as the other node tells it.
func (c *caller) heartbeat(name string) heartbeat.Heartbeat {
	c.catchUp()
	return must(c.read.heartbeats.Get(c.ctx, name))(c).Heartbeat
}

// ping pings a heartbeat.
func (c *caller) ping(name string) {
	want(c, "the answer to a ping", must(c.write.heartbeats.Ping(c.ctx, name))(c).Message, "PONG - Heartbeat received")
}

// tooLong is longer than a heartbeat of a minute may be silent.
const tooLong = 90 * time.Second

// A ping starts the timer of a heartbeat, and recovers it if it has expired. Who pings is not told
// whether there is one.
func checkPing(c *caller) {
	name := c.beat()
	c.pass(tooLong)
	want(c, "expired before the first ping", c.heartbeat(name).Expired, false)
	c.ping(name)
	c.pass(tooLong)
	want(c, "expired when no ping came", c.heartbeat(name).Expired, true)
	c.ping(name)
	c.pass(5 * time.Second)
	want(c, "expired after one more ping", c.heartbeat(name).Expired, false)
	c.ping(c.word())
}

// All heartbeats are listed, with what they are.
func checkListHeartbeats(c *caller) {
	name := c.beat()
	listed := func() (found []heartbeat.Heartbeat) {
		all := must(c.read.heartbeats.List(c.ctx))(c).Heartbeats
		return slices.DeleteFunc(all, func(h heartbeat.Heartbeat) bool { return h.Name != name })
	}
	if one := listed(); len(one) != 1 || one[0].Interval != 1 || one[0].IntervalUnit != "minutes" || !one[0].Enabled || one[0].Expired {
		c.errorf("listed: %+v", one)
	}
	must(c.write.heartbeats.Delete(c.ctx, name))(c)
	c.catchUp()
	want(c, "how often it is listed when it is deleted", len(listed()), 0)
}

// A heartbeat is made with all that was said of it, once.
func checkAddHeartbeat(c *caller) {
	enabled := false
	request := &heartbeat.AddRequest{
		Name: c.word(), Description: "the nightly backup", Interval: 7, IntervalUnit: heartbeat.Hours, Enabled: &enabled, OwnerTeam: og.OwnerTeam{Name: teamName},
		AlertMessage: "no backup", AlertTag: []string{"night", "db"}, AlertPriority: "P1",
	}
	made := must(c.write.heartbeats.Add(c.ctx, request))(c)
	want(c, "the name in the answer", made.Name, request.Name)
	want(c, "the heartbeat", fmt.Sprintf("%+v", c.heartbeat(request.Name)), fmt.Sprintf("%+v", heartbeat.Heartbeat{
		Name: request.Name, Description: request.Description, Interval: 7, IntervalUnit: "hours", OwnerTeam: og.OwnerTeam{Id: c.team, Name: teamName},
		AlertMessage: "no backup", AlertTags: []string{"night", "db"}, AlertPriority: "P1",
	}))
	_, err := c.write.heartbeats.Add(c.ctx, request)
	c.refused(err, http.StatusConflict)
}

// A heartbeat is found by its name, and tells what holds where nothing was said.
func checkGetHeartbeat(c *caller) {
	name := c.beat()
	got := must(c.read.heartbeats.Get(c.ctx, name))(c).Heartbeat
	want(c, "the heartbeat", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", heartbeat.Heartbeat{
		Name: name, Interval: 1, IntervalUnit: "minutes", Enabled: true, AlertMessage: name + " is expired", AlertTags: []string{}, AlertPriority: "P3",
	}))
	_, err := c.read.heartbeats.Get(c.ctx, c.word())
	c.refused(err, http.StatusNotFound)
}

// What is said anew of a heartbeat holds, the rest stays.
func checkUpdateHeartbeat(c *caller) {
	name := c.beat()
	request := &heartbeat.UpdateRequest{Name: name, Interval: 3, IntervalUnit: heartbeat.Days, Description: "weekly", AlertTag: []string{"x"}}
	want(c, "the name in the answer", must(c.write.heartbeats.Update(c.ctx, request))(c).Name, name)
	got := c.heartbeat(name)
	want(c, "the heartbeat", fmt.Sprint(got.Interval, got.IntervalUnit, got.Description, got.AlertTags, got.AlertPriority, got.Enabled), fmt.Sprint(3, "days", "weekly", []string{"x"}, "P3", true))
	request.Name = c.word()
	_, err := c.write.heartbeats.Update(c.ctx, request)
	c.refused(err, http.StatusNotFound)
}

// A heartbeat that is deleted is not there any more.
func checkDeleteHeartbeat(c *caller) {
	name := c.beat()
	must(c.write.heartbeats.Delete(c.ctx, name))(c)
	c.catchUp()
	_, err := c.read.heartbeats.Get(c.ctx, name)
	c.refused(err, http.StatusNotFound)
	_, err = c.write.heartbeats.Delete(c.ctx, name)
	c.refused(err, http.StatusNotFound)
}

// A heartbeat that is enabled again expires again.
func checkEnableHeartbeat(c *caller) {
	name := c.beat()
	must(c.write.heartbeats.Disable(c.ctx, name))(c)
	want(c, "enabled", c.heartbeat(name).Enabled, false)
	got := must(c.write.heartbeats.Enable(c.ctx, name))(c)
	want(c, "the answer", got.Name+fmt.Sprint(got.Enabled, got.Expired), name+"true false")
	want(c, "enabled", c.heartbeat(name).Enabled, true)
	c.ping(name)
	c.pass(tooLong)
	want(c, "expired", c.heartbeat(name).Expired, true)
}

// A heartbeat that is disabled does not expire.
func checkDisableHeartbeat(c *caller) {
	name := c.beat()
	c.ping(name)
	c.pass(5 * time.Second)
	got := must(c.write.heartbeats.Disable(c.ctx, name))(c)
	want(c, "the answer", got.Name+fmt.Sprint(got.Enabled), name+"false")
	c.pass(tooLong)
	if h := c.heartbeat(name); h.Enabled || h.Expired {
		c.errorf("it is %+v", h)
	}
}
