package intake

import (
	"keng/hub/core/alert"
	"keng/hub/core/route"
)

func magentrix() *Format {
	return &Format{
		Path: "magentrix", Type: "Magentrix", Label: "Magentrix", Seen: scripts + "magentrix/OpsGenieAlertTrigger.cs",
		Note: "The value of caseStatus of a case that is closed is Magentrix' as shipped.",
		Fields: []Field{
			{"caseId", "the case"}, {"caseNumber", "its number"}, {"caseStatus", "New …; Closed"}, {"subject", "what happened"}, {"description", "more of it"}, {"caseDescription", "more of it"},
			{"severity", "its severity"}, {"priority", "its priority"}, {"caseType", "its type"}, {"accountName", "whose"}, {"assetName", "of what"}, {"isEscalated", "TRUE or FALSE"}, {"escalatedBy", "who did"},
			{"caseOrigin", "how it was told"},
		},
		Actions: actions(
			do(route.Create, "Create alert", isNot("caseStatus", "Closed|Resolved")),
			do(route.Close, "Close alert", is("caseStatus", "Closed|Resolved")),
		),
		Example: `{"caseId":"50000001","caseNumber":"00001026","caseStatus":"New","subject":"Portal is down","description":"Error 500","severity":"High","priority":"High","caseType":"Problem","accountName":"Example","assetName":"","isEscalated":"FALSE","escalatedBy":"","caseOrigin":"Web"}`,
		Over:    `{"caseId":"50000001","caseNumber":"00001026","caseStatus":"Closed","subject":"Portal is down"}`,
		say: func(f fields) said {
			return said{event: f.first("caseStatus"), draft: alert.Draft{
				Message: joined(": ", f.first("caseNumber"), f.first("subject")), Alias: aliasOf("magentrix", f.first("caseNumber", "caseId")), Entity: f.first("assetName", "accountName"),
				Description: f.first("description", "caseDescription"),
				Details:     f.some("caseId", "caseNumber", "caseStatus", "severity", "priority", "caseType", "accountName", "assetName", "isEscalated", "escalatedBy", "caseOrigin"),
			}}
		},
	}
}
