package intake

import (
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func connectWiseAutomate() *Format {
	return &Format{
		Path: "integrations/webhooks/connectwiseautomate", Type: "ConnectWiseAutomate", Label: "ConnectWise Automate", Seen: scripts + "connectwiseautomate/AlertScript.ps1",
		Note: "The values of status were not seen: Success and OK are taken as the end.",
		Fields: []Field{
			{"status", "FAILED …; SUCCESS: it is over"}, {"monitorName", "the monitor"}, {"computerName", "of which computer"}, {"clientName", "whose"}, {"locationName", "where"}, {"fieldName", "what was looked at"},
			{"result", "what was found"}, {"when", "when"}, {"contactName", "whom to ask"},
		},
		Actions: actions(
			do(route.Create, "Create alert", isNot("status", "SUCCESS.*|OK")),
			do(route.Close, "Close alert", is("status", "SUCCESS.*|OK")),
		),
		Example: `{"status":"FAILED","monitorName":"Disk C","computerName":"PC-12","clientName":"Example","locationName":"Hanoi","fieldName":"free space","result":"2 %","when":"2026-11-26 08:00","contactName":"Lan"}`,
		Over:    `{"status":"SUCCESS","monitorName":"Disk C","computerName":"PC-12","clientName":"Example","locationName":"Hanoi","fieldName":"free space","result":"40 %"}`,
		say: func(f fields) said {
			return said{event: f.first("status"), draft: alert.Draft{
				Message: joined(": ", f.first("computerName"), joined(" ", f.first("monitorName"), f.first("status"))), Alias: alias(f.first("clientName"), f.first("computerName"), f.first("monitorName")),
				Entity: f.first("computerName"), Description: joined(": ", f.first("fieldName"), f.first("result")),
				Details: f.some("clientName", "computerName", "locationName", "monitorName", "fieldName", "result", "when", "contactName"),
			}}
		},
	}
}
