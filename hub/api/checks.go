package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"keng/hub/core"
	"keng/hub/state"
	"keng/proto/agentpb"
)

// Results tells what an agent last said of its checks, to this node or to another one. It
// reports false if it is connected to none that answers, or has said nothing yet. Beyond
// is how many checks were too many to be kept.
type Results func(ctx context.Context, agent string) (at time.Time, said *agentpb.Watching, beyond int, ok bool)

// checkRoutes is the part of the table about checks from the hub. A check may hold a
// password: who reads the lists needs the right to change them.
func checkRoutes() []route {
	const list = "/keng/v1/checks/{name}"
	set := func(method, path string, h handler) route {
		return route{method, path, state.Configure, true, configurationDomain, h}
	}
	return []route{
		set("GET", "/keng/v1/checks", on((*API).listCheckLists)),
		set("GET", list, tell(getCheckList)),
		set("PUT", list, change(putCheckList, checkListPut)),
		set("DELETE", list, change(deleteCheckList, deleted[state.Nothing])),
		{"GET", "/keng/v1/agents/checks", state.Read, true, configurationDomain, on((*API).listAgentChecks)},
		{"GET", "/keng/v1/agents/{id}/checks", state.Read, true, configurationDomain, on((*API).getAgentChecks)},
	}
}

// checkListIn names a list of checks, or says what it is to be.
type checkListIn struct {
	name   string
	labels map[string]string
	checks []state.HubCheck
}

func (in *checkListIn) read(c *call) {
	in.name = c.identifier("name")
	if c.r.Method != "PUT" {
		return
	}
	if said := c.body.text("name"); said != "" && said != in.name {
		c.body.complain("name", "must be that of the path, or be left out")
	}
	in.labels = c.body.pairs("labels")
	text := []byte(c.body.raw("checks"))
	if len(text) > 0 && text[0] == '"' {
		text = []byte(c.body.text("checks"))
	}
	checks, err := readChecks(text)
	if err != nil {
		c.body.complain("checks", err.Error())
	}
	in.checks = checks
}

// readChecks reads a list of checks as it stands in agent.yaml below "checks", in YAML or
// JSON. What a kind's own keys mean, and whether there is the kind, agents know.
func readChecks(text []byte) ([]state.HubCheck, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("are not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("must be a list of checks, as in agent.yaml below checks")
	}
	var checks []state.HubCheck
	for _, node := range document.Content[0].Content {
		if node.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("line %d: a check must be a map of keys and values", node.Line)
		}
		var b strings.Builder
		if err := writeJSON(&b, node, 0); err != nil {
			return nil, err
		}
		var said struct{ Name, Kind string }
		if err := json.Unmarshal([]byte(b.String()), &said); err != nil || said.Name == "" || said.Kind == "" {
			return nil, fmt.Errorf("line %d: a check needs a name and a kind", node.Line)
		}
		checks = append(checks, state.HubCheck{Name: said.Name, Body: []byte(b.String())})
	}
	return checks, nil
}

// depthMax bounds how deep a check is nested.
const depthMax = 8

// writeJSON writes a node of YAML as JSON. Scalars stay as they are written, for "1e9" may
// be a text to the kind that reads it.
func writeJSON(b *strings.Builder, node *yaml.Node, depth int) error {
	switch {
	case depth > depthMax:
		return fmt.Errorf("line %d: it is nested too deep", node.Line)
	case node.Kind == yaml.ScalarNode:
		plain := node.Tag == "!!int" || node.Tag == "!!float" || node.Tag == "!!bool" || node.Tag == "!!null"
		if plain && json.Valid([]byte(node.Value)) {
			b.WriteString(node.Value)
			return nil
		}
		text, err := json.Marshal(node.Value)
		b.Write(text)
		return err
	case node.Kind == yaml.MappingNode, node.Kind == yaml.SequenceNode:
		return writeJSONList(b, node, depth)
	}
	return fmt.Errorf("line %d: anchors and aliases are not taken here; write it out", node.Line)
}

// writeJSONList writes a map or a list.
func writeJSONList(b *strings.Builder, node *yaml.Node, depth int) error {
	isMap := node.Kind == yaml.MappingNode
	open, end := byte('['), byte(']')
	if isMap {
		open, end = '{', '}'
	}
	seen := map[string]bool{}
	b.WriteByte(open)
	for i, item := range node.Content {
		isKey := isMap && i%2 == 0
		switch {
		case isMap && !isKey:
			b.WriteByte(':')
		case i > 0:
			b.WriteByte(',')
		}
		if !isKey {
			if err := writeJSON(b, item, depth+1); err != nil {
				return err
			}
			continue
		}
		if item.Kind != yaml.ScalarNode || seen[item.Value] {
			return fmt.Errorf("line %d: %q is no key, or is given twice", item.Line, item.Value)
		}
		seen[item.Value] = true
		key, err := json.Marshal(item.Value)
		if err != nil {
			return err
		}
		b.Write(key)
	}
	b.WriteByte(end)
	return nil
}

func putCheckList(in *checkListIn) state.PutChecks {
	return state.PutChecks{Name: in.name, Labels: in.labels, Checks: in.checks}
}

func deleteCheckList(in *checkListIn) state.DeleteChecks { return state.DeleteChecks{Name: in.name} }

func checkListPut(l state.CheckList) *written { return updated(checkListOf(&l)) }

// checkListRecord is a list of checks as replies tell it.
type checkListRecord struct {
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels"`
	Checks    []json.RawMessage `json:"checks"`
	Version   uint64            `json:"version"`
	ChangedAt moment            `json:"changedAt"`
}

func checkListOf(l *state.CheckList) checkListRecord {
	out := checkListRecord{Name: l.Name, Labels: map[string]string{}, Checks: []json.RawMessage{}, Version: l.Version, ChangedAt: moment{l.ChangedAt}}
	for k, v := range l.Labels {
		out.Labels[k] = v
	}
	for _, check := range l.Checks {
		out.Checks = append(out.Checks, check.Body)
	}
	return out
}

func getCheckList(tx reader, in *checkListIn) (checkListRecord, error) {
	l, ok := state.GetCheckList(tx, in.name)
	if !ok {
		return checkListRecord{}, core.Missing("List of checks", in.name)
	}
	return checkListOf(l), nil
}

func (a *API) listCheckLists(ctx context.Context, in *rowsIn) (*page[checkListRecord], error) {
	var out *page[checkListRecord]
	err := a.look(ctx, func(tx reader) error {
		out = rows(in, state.CheckLists.All(tx), func(l *state.CheckList) (string, checkListRecord) { return l.Name, checkListOf(l) })
		return nil
	})
	return out, err
}

// agentChecks says what an agent is to check, and what it does.
type agentChecks struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels"`
	Lists     []string          `json:"lists"`     // that choose it
	Conflicts []string          `json:"conflicts"` // sentences
	Version   string            `json:"version"`   // that it should use
	InUse     string            `json:"inUse"`     // that it uses, as far as is known; "" if none
	UpToDate  bool              `json:"upToDate"`
	Problem   string            `json:"problem"` // why it does not use the newest
	Dropped   uint64            `json:"dropped"`
}

func agentChecksOf(p *state.Peer, lists []state.CheckList) agentChecks {
	out := agentChecks{ID: p.ID, Name: p.Name, Labels: state.AgentLabels(p), Lists: []string{}, Conflicts: []string{}, InUse: hex.EncodeToString(p.Checks), Problem: p.ChecksProblem, Dropped: p.Dropped}
	selection := state.SelectChecks(lists, out.Labels)
	out.Lists, out.Conflicts = append(out.Lists, selection.Lists...), append(out.Conflicts, selection.Conflicts...)
	site := out.Labels["site"]
	if site == "" {
		site = p.Name
	}
	_, version := selection.Document(site)
	out.Version = hex.EncodeToString(version)
	out.UpToDate = out.InUse == out.Version || out.InUse == "" && len(selection.Checks) == 0
	return out
}

// allCheckLists returns the lists in the order of their names.
func allCheckLists(tx reader) []state.CheckList {
	var all []state.CheckList
	for l := range state.CheckLists.All(tx) {
		all = append(all, *l)
	}
	return all
}

func (a *API) listAgentChecks(ctx context.Context, in *rowsIn) (*page[agentChecks], error) {
	var out *page[agentChecks]
	err := a.look(ctx, func(tx reader) error {
		lists := allCheckLists(tx)
		agents := func(yield func(*state.Peer) bool) {
			for p := range state.Peers.All(tx) {
				if p.Kind == "agent" && !p.Revoked && !yield(p) {
					return
				}
			}
		}
		out = rows(in, agents, func(p *state.Peer) (string, agentChecks) { return p.ID, agentChecksOf(p, lists) })
		return nil
	})
	return out, err
}

type agentIn struct{ id string }

func (in *agentIn) read(c *call) { in.id = c.identifier("id") }

// agentResults is an agent with what it last said of each check.
type agentResults struct {
	agentChecks
	// Known says that a node has the results: the agent is connected to it. Else Why says
	// why not.
	Known   bool          `json:"known"`
	Why     string        `json:"why"`
	SaidAt  moment        `json:"saidAt"`
	Beyond  int           `json:"beyond"` // checks that were too many to be kept
	Results []checkResult `json:"results"`
}

// checkResult is the last result of one check.
type checkResult struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Target    string `json:"target"`
	State     string `json:"state"` // up, down, unknown, or pending
	Reason    string `json:"reason"`
	Local     bool   `json:"local"`     // it stands in the agent's own file
	Overrides bool   `json:"overrides"` // and takes the place of one of the hub's
	At        moment `json:"at"`
}

func (a *API) getAgentChecks(ctx context.Context, in *agentIn) (*data[agentResults], error) {
	var out data[agentResults]
	err := a.look(ctx, func(tx reader) error {
		p, ok := state.GetPeer(tx, in.id)
		if !ok || p.Kind != "agent" {
			return core.Missing("Agent", in.id)
		}
		out.of.agentChecks = agentChecksOf(p, allCheckLists(tx))
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.of.Results = []checkResult{}
	out.of.Why = "The agent is connected to no node that answers, or has not said anything yet."
	if a.AgentResults == nil {
		return &out, nil
	}
	at, said, beyond, ok := a.AgentResults(ctx, in.id)
	if !ok {
		return &out, nil
	}
	out.of.Known, out.of.Why, out.of.SaidAt, out.of.Beyond = true, "", moment{at}, beyond
	for _, c := range said.GetChecks() {
		result := checkResult{Name: c.GetName(), Kind: c.GetKind(), Target: c.GetTarget(), State: stateWord(c.GetState()), Reason: c.GetReason(), Local: c.GetLocal(), Overrides: c.GetOverrides()}
		if c.GetAt().IsValid() {
			result.At = moment{c.GetAt().AsTime()}
		}
		out.of.Results = append(out.of.Results, result)
	}
	return &out, nil
}

func stateWord(s agentpb.State) string {
	switch s {
	case agentpb.State_STATE_UP:
		return "up"
	case agentpb.State_STATE_DOWN:
		return "down"
	case agentpb.State_STATE_UNKNOWN:
		return "unknown"
	}
	return "pending"
}
