package api

import (
	"context"
	"net/http"

	"keng/hub/core"
	"keng/hub/core/heartbeat"
	"keng/hub/state"
)

// heartbeatRoutes is the part of the table about heartbeats. A key that is bound to a team
// sees and changes the team's alone. Pinging is what an integration's key may do; the rest is
// configuration.
func heartbeatRoutes() []route {
	var list []route
	add := func(method, path string, right state.Rights, h handler) {
		list = append(list, route{method, path, right, false, heartbeatDomain, h})
	}
	const all, one = "/v2/heartbeats", "/v2/heartbeats/{name...}"
	add("GET", all, state.Read, tell(listHeartbeats))
	add("POST", all, state.Configure, change(createHeartbeat, heartbeatCreated))
	add("GET", one, state.Read, tell(getHeartbeat))
	add("PATCH", one, state.Configure, change(changeHeartbeat, heartbeatChanged))
	add("DELETE", one, state.Configure, change(deleteHeartbeat, deleted[state.Nothing]))
	for _, method := range []string{"POST", "PUT", "PATCH"} {
		add(method, one+"/enable", state.Configure, change(enableHeartbeat(true), heartbeatChanged))
		add(method, one+"/disable", state.Configure, change(enableHeartbeat(false), heartbeatChanged))
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH"} {
		add(method, one+"/ping", state.Write, pingHeartbeat)
	}
	return list
}

// heartbeatIn names a heartbeat, and says what it is to be.
type heartbeatIn struct {
	name   string
	of     core.TeamID // that the caller's key is bound to
	fields state.HeartbeatFields
}

func (in *heartbeatIn) read(c *call) {
	in.name, in.of = c.identifier("name"), c.key.Team
	b := c.body
	in.fields = state.HeartbeatFields{
		Name: b.said("name"), Description: b.said("description"), Interval: b.saidNumber("interval"), Enabled: b.saidTruth("enabled"),
		Team: b.saidPick("ownerTeam"), Message: b.said("alertMessage"), Tags: b.saidTexts("alertTags"),
	}
	if word := b.text("intervalUnit"); word != "" {
		unit, err := heartbeat.ParseUnit(word)
		c.blame(err)
		in.fields.Unit = &unit
	}
	if word := b.text("alertPriority"); word != "" {
		priority, err := core.ParsePriority(word)
		if err != nil {
			b.complain("alertPriority", "must be P1, P2, P3, P4 or P5")
		}
		in.fields.Priority = &priority
	}
	if in.of != "" && in.fields.Team != nil {
		in.fields.Team = &state.Pick{ID: string(in.of)}
	}
}

// createHeartbeat makes the command that makes a heartbeat. That of a key that is bound to a
// team is the team's.
func createHeartbeat(in *heartbeatIn) state.CreateHeartbeat {
	if in.of != "" {
		in.fields.Team = &state.Pick{ID: string(in.of)}
	}
	return state.CreateHeartbeat{Fields: in.fields}
}

func changeHeartbeat(in *heartbeatIn) state.ChangeHeartbeat {
	return state.ChangeHeartbeat{Name: in.name, Fields: in.fields, Of: in.of}
}

// enableHeartbeat makes the command that enables or disables a heartbeat, whatever else is
// said.
func enableHeartbeat(enabled bool) func(*heartbeatIn) state.ChangeHeartbeat {
	return func(in *heartbeatIn) state.ChangeHeartbeat {
		return state.ChangeHeartbeat{Name: in.name, Fields: state.HeartbeatFields{Enabled: &enabled}, Of: in.of}
	}
}

func deleteHeartbeat(in *heartbeatIn) state.DeleteHeartbeat {
	return state.DeleteHeartbeat{Name: in.name, Of: in.of}
}

// heartbeatState is a heartbeat as the answer to a change tells it.
type heartbeatState struct {
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
	Expired bool   `json:"expired"`
}

func heartbeatChanged(h state.Heartbeat) *written { return updated(heartbeatStateOf(&h.Beat)) }

func heartbeatCreated(h state.Heartbeat) *written { return created(heartbeatOf(&h.Beat)) }

func heartbeatStateOf(h *heartbeat.Heartbeat) heartbeatState {
	return heartbeatState{Name: h.Name, Enabled: h.Enabled, Expired: h.Expired()}
}

// heartbeatRecord is a heartbeat as replies tell it.
type heartbeatRecord struct {
	heartbeatState
	Description string   `json:"description"`
	Interval    int      `json:"interval"`
	Unit        string   `json:"intervalUnit"`
	OwnerTeam   *thing   `json:"ownerTeam,omitempty"`
	Message     string   `json:"alertMessage"`
	Tags        []string `json:"alertTags"`
	Priority    string   `json:"alertPriority"`
	// LastPing is that of the last one that is written: a newer one may be held for a tenth
	// of the interval.
	LastPing moment `json:"lastPingTime"`
}

// heartbeatOf tells a heartbeat, of its team the id alone.
func heartbeatOf(h *heartbeat.Heartbeat) heartbeatRecord {
	draft := h.Draft() // has what holds if nothing was said
	out := heartbeatRecord{
		heartbeatState: heartbeatStateOf(h), Description: h.Description, Interval: h.Interval, Unit: h.Unit.String(),
		Message: draft.Message, Tags: append([]string{}, h.Tags...), Priority: draft.Priority.String(), LastPing: moment{h.LastPing},
	}
	if h.Team != "" {
		out.OwnerTeam = &thing{ID: string(h.Team)}
	}
	return out
}

// namedHeartbeat tells a heartbeat, of its team the name as well.
func namedHeartbeat(tx reader, h *heartbeat.Heartbeat) heartbeatRecord {
	out := heartbeatOf(h)
	out.OwnerTeam = ownerOf(tx, string(h.Team))
	return out
}

func getHeartbeat(tx reader, in *heartbeatIn) (heartbeatRecord, error) {
	row, err := state.FindHeartbeat(tx, in.name, in.of)
	if err != nil {
		return heartbeatRecord{}, err
	}
	return namedHeartbeat(tx, &row.Beat), nil
}

// heartbeatList is all heartbeats that the caller may see.
type heartbeatList struct {
	Heartbeats []heartbeatRecord `json:"heartbeats"`
}

func listHeartbeats(tx reader, in *heartbeatIn) (heartbeatList, error) {
	out := heartbeatList{[]heartbeatRecord{}}
	for _, row := range state.HeartbeatList(tx, in.of) {
		out.Heartbeats = append(out.Heartbeats, namedHeartbeat(tx, &row.Beat))
	}
	return out, nil
}

// pong is the answer to every ping.
type pong struct{}

func (pong) fill(e *envelope) int {
	e.Result = "PONG - Heartbeat received"
	return http.StatusAccepted
}

// pingHeartbeat hears a ping. Its body is not even read. Nothing is awaited, and nobody is
// told whether there is such a heartbeat: who pings has no use for it.
func pingHeartbeat(a *API, ctx context.Context, c *call) (outcome, error) {
	a.HeardPing(ctx, c.params["name"], c.key.Team)
	return pong{}, nil
}
