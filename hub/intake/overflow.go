package intake

import (
	"encoding/json"
	"fmt"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/route"
	"keng/hub/state"
)

// truncatedMax bounds how many alerts a tool is believed to have left out.
const truncatedMax = 1_000_000

// truncated returns how many alerts the tool says that it has left out of a body, as Alertmanager and
// Grafana do where their max_alerts is set.
func truncated(body map[string]any) int {
	said, _ := body["truncatedAlerts"].(json.Number)
	n, err := said.Int64()
	if err != nil {
		return 0
	}
	return int(min(max(n, 0), truncatedMax))
}

// overflow returns an input that raises an alert which says how many others were passed over. Without
// it nobody would know: no tool reads the answer, and none sends them again. It is taken by what
// creates of firing alerts, and by what creates of the API's.
func (f *Format) overflow(body map[string]any, secret string, left int) state.ToolInput {
	own := f.flatten(map[string]any{"status": "firing", "receiver": body["receiver"], "externalURL": body["externalURL"]}, secret)
	return state.ToolInput{Said: state.Said{Event: route.Create.String(), Payload: own, Draft: alert.Draft{
		Message: fmt.Sprintf("%d more alerts of %s were passed over", left, f.Label),
		Alias:   fitAlias(alias(f.Path, "overflow", own.first("receiver"))),
		Description: fmt.Sprintf("Of one body at most %d alerts are taken, and the tool may have left out some itself. What those were is told in the tool alone. "+
			"Let it group more finely, so that a body has fewer alerts.", AlertsMax),
		Source: f.Type, Priority: core.P1, // any of them may have been
		Details: own.some("receiver", "externalURL"),
	}}}
}
