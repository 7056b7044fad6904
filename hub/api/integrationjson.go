package api

import (
	"strings"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// integrationSummary is an integration in a list, or one that has just been made.
type integrationSummary struct {
	ID      core.IntegrationID `json:"id"`
	Name    string             `json:"name"`
	Type    string             `json:"type"`
	Enabled bool               `json:"enabled"`
	TeamID  core.TeamID        `json:"teamId,omitempty"`
}

func integrationSummaryOf(i *state.Integration) integrationSummary {
	return integrationSummary{ID: i.Rules.ID, Name: i.Rules.Name, Type: i.Type, Enabled: !i.Rules.Disabled, TeamID: i.Rules.Team}
}

// integrationRecord is an integration as replies tell it.
type integrationRecord struct {
	integrationSummary
	OwnerTeam        *thing    `json:"ownerTeam,omitempty"`
	IsGlobal         bool      `json:"isGlobal"` // no team's
	Responders       []someone `json:"responders"`
	IgnoreResponders bool      `json:"ignoreRespondersFromPayload"`
	Suppress         bool      `json:"suppressNotifications"`
	ReadAccess       bool      `json:"allowReadAccess"`
	WriteAccess      bool      `json:"allowWriteAccess"`
	DeleteAccess     bool      `json:"allowDeleteAccess"`
	ConfigureAccess  bool      `json:"allowConfigurationAccess"`
	// ReadOnly are the members that cannot be changed.
	ReadOnly []string `json:"_readOnly"`
	*webhookRecord
}

// webhookRecord is what a Webhook integration has besides.
type webhookRecord struct {
	URL         string `json:"url"`
	Description bool   `json:"addAlertDescription"`
	Details     bool   `json:"addAlertDetails"`
}

func getIntegration(tx reader, in *integrationIn) (integrationRecord, error) {
	i, err := state.FindIntegration(tx, in.id, in.of)
	if err != nil {
		return integrationRecord{}, err
	}
	out := integrationRecord{
		integrationSummary: integrationSummaryOf(i), OwnerTeam: ownerOf(tx, string(i.Rules.Team)), IsGlobal: i.Rules.Team == "",
		Responders: append([]someone{}, idsOf(i.Rules.Responders)...), IgnoreResponders: i.Rules.IgnoreResponders, ReadOnly: []string{"id", "type"},
	}
	if w := i.Webhook; w != nil {
		out.webhookRecord = &webhookRecord{w.URL, w.Description, w.Details}
	}
	if key, ok := state.Keys.Get(tx, table.K().String(string(i.Rules.ID))); ok {
		has := func(right state.Rights) bool { return key.Rights&right != 0 }
		out.ReadAccess, out.WriteAccess, out.DeleteAccess, out.ConfigureAccess = has(state.Read), has(state.Write), has(state.Delete), has(state.Configure)
	}
	return out, nil
}

// integrationsIn says which integrations are meant.
type integrationsIn struct {
	of   core.TeamID
	typ  string
	team state.Pick
}

func (in *integrationsIn) read(c *call) {
	in.of, in.typ, in.team = c.key.Team, c.query("type"), state.Pick{ID: c.query("teamId"), Name: c.query("teamName")}
	c.limit("type", in.typ, typeMax)
	c.limit("teamId", in.team.ID, identifierMax)
	c.limit("teamName", in.team.Name, identifierMax)
	switch {
	case in.team == state.Pick{}:
	case in.of != "":
		c.wrong["teamId"] = "is not for a key that is bound to a team: it sees the team's integrations alone"
	case in.team.ID != "" && in.team.Name != "":
		c.wrong["teamName"] = "is one too many: say either teamId or teamName"
	}
}

func listIntegrations(tx reader, in *integrationsIn) (list []integrationSummary, err error) {
	of := in.of
	if in.team != (state.Pick{}) {
		t, err := in.team.Team(tx)
		if err != nil {
			return nil, err
		}
		of = t.ID
	}
	for i := range state.IntegrationsByName(tx) {
		if (of == "" || i.Rules.Team == of) && (in.typ == "" || strings.EqualFold(in.typ, i.Type)) {
			list = append(list, integrationSummaryOf(i))
		}
	}
	return list, nil
}
