package state

import "sync"

// number says which command an envelope holds.
type number uint16

// The numbers of the commands. A number is never reused: a node of an older
// version may send it to a leader of a newer one.
const (
	foundCluster     number = 1
	createToken      number = 2
	useToken         number = 3
	putKey           number = 4
	putUser          number = 5
	putTeam          number = 6
	putSchedule      number = 7
	putEscalation    number = 8
	createAlert      number = 9
	acknowledgeAlert number = 10
	closeAlert       number = 11
	takeEvents       number = 12
	takeReports      number = 13
	doDue            number = 14
	useNodeToken     number = 15
	putNode          number = 16
	deleteNode       number = 17
	revokeToken      number = 18
	revokePeer       number = 19
	renewPeer        number = 20
	rotateAuthority  number = 21
	renamePeer       number = 22
	putChecks        number = 23
	deleteChecks     number = 24
	noteChecks       number = 63

	// Agents that are silent.
	noteAgent     number = 25
	silenceAgents number = 26
	hearAgents    number = 27

	// People's configuration.
	createUser        number = 32
	changeUser        number = 33
	deleteUser        number = 34
	createContact     number = 35
	changeContact     number = 36
	deleteContact     number = 37
	registerDevice    number = 38
	deleteDevice      number = 39
	createRule        number = 40
	changeRule        number = 41
	deleteRule        number = 42
	createStep        number = 43
	changeStep        number = 44
	deleteStep        number = 45
	createTeam        number = 46
	changeTeam        number = 47
	deleteTeam        number = 48
	addMember         number = 49
	removeMember      number = 50
	createRoutingRule number = 51
	changeRoutingRule number = 52
	deleteRoutingRule number = 53
	createSchedule    number = 54
	changeSchedule    number = 55
	deleteSchedule    number = 56
	createRotation    number = 57
	changeRotation    number = 58
	deleteRotation    number = 59
	createEscalation  number = 60
	changeEscalation  number = 61
	deleteEscalation  number = 62

	// The life of an alert.
	unacknowledgeAlert number = 70
	snoozeAlert        number = 71
	assignAlert        number = 72
	takeAlert          number = 73
	escalateAlert      number = 74
	addResponder       number = 75
	addTeam            number = 76
	addNote            number = 77
	addTags            number = 78
	removeTags         number = 79
	addDetails         number = 80
	removeDetails      number = 81
	runAction          number = 82
	updatePriority     number = 83
	updateMessage      number = 84
	updateDescription  number = 85
	seeAlert           number = 86
	deleteAlert        number = 87
	answerClosing      number = 88
	putClosure         number = 89
	createHeartbeat    number = 90
	changeHeartbeat    number = 91
	deleteHeartbeat    number = 92
	pingHeartbeats     number = 93

	// Policies.
	createPolicy number = 94
	changePolicy number = 95
	switchPolicy number = 96
	movePolicy   number = 97
	deletePolicy number = 98

	// Integrations, and what comes in by them.
	createIntegration number = 100
	changeIntegration number = 101
	deleteIntegration number = 102
	addAction         number = 103
	takeInput         number = 105
	// Maintenance, priorities, and what is removed when.
	createMaintenance number = 110
	changeMaintenance number = 111
	cancelMaintenance number = 112
	deleteMaintenance number = 113
	putMatrix         number = 115
	putRetention      number = 116
	// Groupings.
	createGrouping number = 120
	changeGrouping number = 121
	deleteGrouping number = 122
	moveGrouping   number = 123
	closeGroup     number = 124

	// Time-zone data.
	putZones number = 145

	// Calendars.
	createOverride        number = 125
	changeOverride        number = 126
	deleteOverride        number = 127
	createForward         number = 128
	changeForward         number = 129
	deleteForward         number = 130
	createAbsence         number = 131
	changeAbsence         number = 132
	deleteAbsence         number = 133
	createHolidayCalendar number = 134
	changeHolidayCalendar number = 135
	deleteHolidayCalendar number = 136
	putRoster             number = 137
	takeOver              number = 138
	askSwap               number = 139
	answerSwap            number = 140

	// Incidents.
	createIncident        number = 150
	resolveIncident       number = 151
	reopenIncident        number = 152
	closeIncident         number = 153
	deleteIncident        number = 154
	addIncidentResponders number = 155
	addIncidentNote       number = 156
	addIncidentTags       number = 157
	removeIncidentTags    number = 158
	addIncidentDetails    number = 159
	removeIncidentDetails number = 160
	updateIncident        number = 161
	seeIncident           number = 162

	// Whether people can be reached.
	sendCode       number = 180
	confirmContact number = 181
	putCanary      number = 182

	// Calendars in and out.
	createFeed  number = 146
	deleteFeed  number = 147
	putHolidays number = 148

	// Who is called in the end.
	putCatchAll    number = 195
	deleteCatchAll number = 196
	putDefaultTeam number = 197

	// Saved searches.
	createSavedSearch number = 198
	changeSavedSearch number = 199
	deleteSavedSearch number = 200

	// How often a key may ask.
	putRateLimits number = 202

	// What is attached to alerts.
	addAttachment    number = 203
	deleteAttachment number = 204

	// Keys of integrations.
	renewKey number = 210

	// Deployments.
	createDeployment number = 211
	updateDeployment number = 212

	// What tools send.
	takeInputs number = 207

	// Alerts that are created at the same time.
	createAlerts number = 205
)

// runners is the list of all commands, made once.
var runners = sync.OnceValue(commands)

func commands() map[number]runner {
	return map[number]runner{
		foundCluster:      runs(FoundCluster{}),
		createToken:       runs(CreateToken{}),
		useToken:          runs(UseToken{}),
		putKey:            runs(PutKey{}),
		putUser:           runs(PutUser{}),
		putTeam:           runs(PutTeam{}),
		putSchedule:       runs(PutSchedule{}),
		putEscalation:     runs(PutEscalation{}),
		createAlert:       runs(CreateAlert{}),
		createAlerts:      runs(CreateAlerts{}),
		acknowledgeAlert:  runs(AcknowledgeAlert{}),
		closeAlert:        runs(CloseAlert{}),
		takeEvents:        runs(TakeEvents{}),
		takeReports:       runs(TakeReports{}),
		doDue:             runs(DoDue{}),
		useNodeToken:      runs(UseNodeToken{}),
		putNode:           runs(PutNode{}),
		deleteNode:        runs(DeleteNode{}),
		revokeToken:       runs(RevokeToken{}),
		revokePeer:        runs(RevokePeer{}),
		renewPeer:         runs(RenewPeer{}),
		rotateAuthority:   runs(RotateAuthority{}),
		renamePeer:        runs(RenamePeer{}),
		putChecks:         runs(PutChecks{}),
		deleteChecks:      runs(DeleteChecks{}),
		noteChecks:        runs(NoteChecks{}),
		noteAgent:         runs(NoteAgent{}),
		silenceAgents:     runs(SilenceAgents{}),
		hearAgents:        runs(HearAgents{}),
		createUser:        runs(CreateUser{}),
		changeUser:        runs(ChangeUser{}),
		deleteUser:        runs(DeleteUser{}),
		createContact:     runs(CreateContact{}),
		changeContact:     runs(ChangeContact{}),
		deleteContact:     runs(DeleteContact{}),
		registerDevice:    runs(RegisterDevice{}),
		deleteDevice:      runs(DeleteDevice{}),
		createRule:        runs(CreateRule{}),
		changeRule:        runs(ChangeRule{}),
		deleteRule:        runs(DeleteRule{}),
		createStep:        runs(CreateStep{}),
		changeStep:        runs(ChangeStep{}),
		deleteStep:        runs(DeleteStep{}),
		createTeam:        runs(CreateTeam{}),
		changeTeam:        runs(ChangeTeam{}),
		deleteTeam:        runs(DeleteTeam{}),
		addMember:         runs(AddMember{}),
		removeMember:      runs(RemoveMember{}),
		createRoutingRule: runs(CreateRoutingRule{}),
		changeRoutingRule: runs(ChangeRoutingRule{}),
		deleteRoutingRule: runs(DeleteRoutingRule{}),
		createSchedule:    runs(CreateSchedule{}),
		changeSchedule:    runs(ChangeSchedule{}),
		deleteSchedule:    runs(DeleteSchedule{}),
		createRotation:    runs(CreateRotation{}),
		changeRotation:    runs(ChangeRotation{}),
		deleteRotation:    runs(DeleteRotation{}),
		createEscalation:  runs(CreateEscalation{}),
		changeEscalation:  runs(ChangeEscalation{}),
		deleteEscalation:  runs(DeleteEscalation{}),

		unacknowledgeAlert: runs(UnacknowledgeAlert{}),
		snoozeAlert:        runs(SnoozeAlert{}),
		assignAlert:        runs(AssignAlert{}),
		takeAlert:          runs(TakeAlert{}),
		escalateAlert:      runs(EscalateAlert{}),
		addResponder:       runs(AddResponder{}),
		addTeam:            runs(AddTeam{}),
		addNote:            runs(AddNote{}),
		addTags:            runs(AddTags{}),
		removeTags:         runs(RemoveTags{}),
		addDetails:         runs(AddDetails{}),
		removeDetails:      runs(RemoveDetails{}),
		runAction:          runs(RunAction{}),
		updatePriority:     runs(UpdatePriority{}),
		updateMessage:      runs(UpdateMessage{}),
		updateDescription:  runs(UpdateDescription{}),
		seeAlert:           runs(SeeAlert{}),
		deleteAlert:        runs(DeleteAlert{}),
		answerClosing:      runs(AnswerClosing{}),
		putClosure:         runs(PutClosure{}),
		createHeartbeat:    runs(CreateHeartbeat{}),
		changeHeartbeat:    runs(ChangeHeartbeat{}),
		deleteHeartbeat:    runs(DeleteHeartbeat{}),
		pingHeartbeats:     runs(PingHeartbeats{}),

		createPolicy: runs(CreatePolicy{}),
		changePolicy: runs(ChangePolicy{}),
		switchPolicy: runs(SwitchPolicy{}),
		movePolicy:   runs(MovePolicy{}),
		deletePolicy: runs(DeletePolicy{}),

		createIntegration: runs(CreateIntegration{}),
		changeIntegration: runs(ChangeIntegration{}),
		deleteIntegration: runs(DeleteIntegration{}),
		addAction:         runs(AddAction{}),
		takeInput:         runs(TakeInput{}),
		createMaintenance: runs(CreateMaintenance{}),
		changeMaintenance: runs(ChangeMaintenance{}),
		cancelMaintenance: runs(CancelMaintenance{}),
		deleteMaintenance: runs(DeleteMaintenance{}),
		putMatrix:         runs(PutMatrix{}),
		putRetention:      runs(PutRetention{}),
		createGrouping:    runs(CreateGrouping{}),
		changeGrouping:    runs(ChangeGrouping{}),
		deleteGrouping:    runs(DeleteGrouping{}),
		moveGrouping:      runs(MoveGrouping{}),
		closeGroup:        runs(CloseGroup{}),

		putZones:              runs(PutZones{}),
		createOverride:        runs(CreateOverride{}),
		changeOverride:        runs(ChangeOverride{}),
		deleteOverride:        runs(DeleteOverride{}),
		createForward:         runs(CreateForward{}),
		changeForward:         runs(ChangeForward{}),
		deleteForward:         runs(DeleteForward{}),
		createAbsence:         runs(CreateAbsence{}),
		changeAbsence:         runs(ChangeAbsence{}),
		deleteAbsence:         runs(DeleteAbsence{}),
		createHolidayCalendar: runs(CreateHolidayCalendar{}),
		changeHolidayCalendar: runs(ChangeHolidayCalendar{}),
		deleteHolidayCalendar: runs(DeleteHolidayCalendar{}),
		putRoster:             runs(PutRoster{}),
		takeOver:              runs(TakeOver{}),
		askSwap:               runs(AskSwap{}),
		answerSwap:            runs(AnswerSwap{}),

		createIncident:        runs(CreateIncident{}),
		resolveIncident:       runs(ResolveIncident{}),
		reopenIncident:        runs(ReopenIncident{}),
		closeIncident:         runs(CloseIncident{}),
		deleteIncident:        runs(DeleteIncident{}),
		addIncidentResponders: runs(AddIncidentResponders{}),
		addIncidentNote:       runs(AddIncidentNote{}),
		addIncidentTags:       runs(AddIncidentTags{}),
		removeIncidentTags:    runs(RemoveIncidentTags{}),
		addIncidentDetails:    runs(AddIncidentDetails{}),
		removeIncidentDetails: runs(RemoveIncidentDetails{}),
		updateIncident:        runs(UpdateIncident{}),
		seeIncident:           runs(SeeIncident{}),

		sendCode:       runs(SendCode{}),
		confirmContact: runs(ConfirmContact{}),
		putDefaultTeam: runs(PutDefaultTeam{}),
		putCanary:      runs(PutCanary{}),

		createFeed:  runs(CreateFeed{}),
		deleteFeed:  runs(DeleteFeed{}),
		putHolidays: runs(PutHolidays{}),

		putCatchAll:    runs(PutCatchAll{}),
		deleteCatchAll: runs(DeleteCatchAll{}),

		createSavedSearch: runs(CreateSavedSearch{}),
		changeSavedSearch: runs(ChangeSavedSearch{}),
		deleteSavedSearch: runs(DeleteSavedSearch{}),
		putRateLimits:     runs(PutRateLimits{}),
		addAttachment:     runs(AddAttachment{}),
		deleteAttachment:  runs(DeleteAttachment{}),

		renewKey: runs(RenewKey{}),

		createDeployment: runs(CreateDeployment{}),
		updateDeployment: runs(UpdateDeployment{}),

		takeInputs: runs(TakeInputs{}),
	}
}
