package state

import (
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"keng/hub/core/alert"
	"keng/hub/core/escalate"
	"keng/hub/core/incident"
	"keng/hub/core/reach"
	"keng/hub/core/rota"
	"keng/hub/core/route"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

const goldenFile = "testdata/golden.txt"

// One row of each table and one of each command, every field filled, as they were written
// when this version came to be. A store may hold them: they are read for ever, and a key
// number that changes its meaning shows here. Run with KENG_GOLDEN=write and read the
// difference: a new field adds a key of a new number to its line, a new table or command
// adds a line, and nothing else may change.
func TestGolden(t *testing.T) {
	var got []string
	for name, value := range goldenValues(t) {
		got = append(got, name+" "+hex.EncodeToString(value))
	}
	if os.Getenv("KENG_GOLDEN") == "write" {
		if err := os.WriteFile(goldenFile, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			t.Fatalf("line %d of %s is not what is written now:\n%s\n%s", i+1, goldenFile, at(want, i), at(got, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// goldenValues gives names and encodings in a fixed order.
func goldenValues(t *testing.T) func(yield func(string, []byte) bool) {
	return func(yield func(string, []byte) bool) {
		for _, row := range []func(*testing.T) (string, []byte){
			golden(Clusters), golden(counters), golden(Keys), golden(Tokens), golden(Peers), golden(Users), golden(Teams), golden(Schedules),
			golden(Escalations), golden(Alerts), golden(requests), golden(Log), golden(Deadlines), golden(Deliveries), golden(Devices), golden(Nodes),
			golden(CheckLists), golden(Bundles), golden(Presences),
			golden(Deleted), golden(Closures), golden(Heartbeats),
			golden(Policies), golden(Holds), golden(stamps), golden(Integrations), golden(Journal),
			golden(Maintenances), golden(Matrices), golden(Sweeps),
			golden(Policies), golden(Holds), golden(stamps),
			golden(Groupings), golden(ZoneFiles), golden(zoneDatas),
			golden(catchAlls), golden(Overrides), golden(Forwards), golden(Absences), golden(HolidayCalendars), golden(Swaps),
			golden(Incidents), golden(IncidentLog),
			golden(Feeds),
			golden(Turns), golden(Vigils), golden(rounds),
			golden(Proofs), golden(Canaries), golden(Warnings),
			golden(SavedSearches),
			golden(rateLimits),
			golden(Deployments),
			golden(Attachments),
		} {
			if !yield(row(t)) {
				return
			}
		}
		for _, c := range []interface{ number() number }{
			fill[FoundCluster](), fill[CreateToken](), fill[UseToken](), fill[PutKey](), fill[PutUser](), fill[PutTeam](), fill[PutSchedule](), fill[PutEscalation](),
			fill[CreateAlert](), fill[AcknowledgeAlert](), fill[CloseAlert](), fill[TakeEvents](), fill[TakeReports](), fill[DoDue](), fill[UseNodeToken](), fill[PutNode](), fill[DeleteNode](),
			fill[RevokeToken](), fill[RevokePeer](), fill[RenewPeer](), fill[RotateAuthority](), fill[RenamePeer](),
			fill[NoteAgent](), fill[SilenceAgents](), fill[HearAgents](),
			fill[CreateUser](), fill[ChangeUser](), fill[DeleteUser](), fill[CreateContact](), fill[ChangeContact](), fill[DeleteContact](), fill[RegisterDevice](), fill[DeleteDevice](),
			fill[CreateRule](), fill[ChangeRule](), fill[DeleteRule](), fill[CreateStep](), fill[ChangeStep](), fill[DeleteStep](),
			fill[CreateTeam](), fill[ChangeTeam](), fill[DeleteTeam](), fill[AddMember](), fill[RemoveMember](), fill[CreateRoutingRule](), fill[ChangeRoutingRule](), fill[DeleteRoutingRule](),
			fill[CreateSchedule](), fill[ChangeSchedule](), fill[DeleteSchedule](), fill[CreateRotation](), fill[ChangeRotation](), fill[DeleteRotation](),
			fill[CreateEscalation](), fill[ChangeEscalation](), fill[DeleteEscalation](),
			fill[PutChecks](), fill[DeleteChecks](), fill[NoteChecks](),
			fill[UnacknowledgeAlert](), fill[SnoozeAlert](), fill[AssignAlert](), fill[TakeAlert](), fill[EscalateAlert](), fill[AddResponder](), fill[AddTeam](), fill[AddNote](), fill[AddTags](), fill[RemoveTags](), fill[AddDetails](), fill[RemoveDetails](), fill[RunAction](), fill[UpdatePriority](), fill[UpdateMessage](), fill[UpdateDescription](), fill[SeeAlert](), fill[DeleteAlert](), fill[AnswerClosing](), fill[PutClosure](), fill[CreateHeartbeat](), fill[ChangeHeartbeat](), fill[DeleteHeartbeat](), fill[PingHeartbeats](),
			fill[CreatePolicy](), fill[ChangePolicy](), fill[SwitchPolicy](), fill[MovePolicy](), fill[DeletePolicy](), fill[CreateIntegration](), fill[ChangeIntegration](), fill[DeleteIntegration](), fill[AddAction](), fill[TakeInput](),
			fill[CreateMaintenance](), fill[ChangeMaintenance](), fill[CancelMaintenance](), fill[DeleteMaintenance](), fill[PutMatrix](), fill[PutRetention](),
			fill[CreatePolicy](), fill[ChangePolicy](), fill[SwitchPolicy](), fill[MovePolicy](), fill[DeletePolicy](),
			fill[CreateGrouping](), fill[ChangeGrouping](), fill[DeleteGrouping](), fill[MoveGrouping](), fill[CloseGroup](), fill[PutZones](),
			fill[CreateOverride](), fill[ChangeOverride](), fill[DeleteOverride](), fill[CreateForward](), fill[ChangeForward](), fill[DeleteForward](), fill[CreateAbsence](), fill[ChangeAbsence](), fill[DeleteAbsence](),
			fill[CreateHolidayCalendar](), fill[ChangeHolidayCalendar](), fill[DeleteHolidayCalendar](), fill[PutRoster](), fill[TakeOver](), fill[AskSwap](), fill[AnswerSwap](),
			fill[CreateIncident](), fill[ResolveIncident](), fill[ReopenIncident](), fill[CloseIncident](), fill[DeleteIncident](), fill[AddIncidentResponders](), fill[AddIncidentNote](),
			fill[AddIncidentTags](), fill[RemoveIncidentTags](), fill[AddIncidentDetails](), fill[RemoveIncidentDetails](), fill[UpdateIncident](), fill[SeeIncident](),
			fill[CreateFeed](), fill[DeleteFeed](), fill[PutHolidays](),
			fill[SendCode](), fill[ConfirmContact](), fill[PutCanary](), fill[PutDefaultTeam](),
			fill[CreateSavedSearch](), fill[ChangeSavedSearch](), fill[DeleteSavedSearch](),
			fill[PutRateLimits](),
			fill[RenewKey](), fill[CreateDeployment](), fill[UpdateDeployment](),
			fill[AddAttachment](), fill[DeleteAttachment](),
			fill[TakeInputs](), fill[CreateAlerts](),
		} {
			body, err := wire.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := commands()[c.number()]; !ok {
				t.Errorf("command %d is not in the list", c.number())
			}
			if !yield(fmt.Sprintf("command-%d", c.number()), body) {
				return
			}
		}
	}
}

// Rows that earlier versions wrote are read still. When a row or a command gets a new
// field its line moves from the one file to the other.
func TestGoldenOfBefore(t *testing.T) {
	text, err := os.ReadFile("testdata/golden-before.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, hexed, _ := strings.Cut(strings.TrimSpace(line), " ")
		value, err := hex.DecodeString(hexed)
		if err != nil {
			t.Fatal(err)
		}
		read, ok := map[string]func(*testing.T, []byte){
			"table-4-tokens": before(Tokens), "table-5-peers": before(Peers), "command-2": beforeCommand[CreateToken], "table-14-deliveries": before(Deliveries), "command-13": beforeCommand[TakeReports],
			"table-6-users": before(Users), "table-7-teams": before(Teams), "table-8-schedules": before(Schedules), "table-9-escalations": before(Escalations),
			"command-5": beforeCommand[PutUser], "command-6": beforeCommand[PutTeam], "command-7": beforeCommand[PutSchedule], "command-8": beforeCommand[PutEscalation],
			"command-32": beforeCommand[CreateUser], "command-33": beforeCommand[ChangeUser],
			"table-16-nodes": before(Nodes), "command-16": beforeCommand[PutNode],
			"table-1-cluster": before(Clusters), "command-3": beforeCommand[UseToken],
			"table-13-deadlines": before(Deadlines), "table-10-alerts": before(Alerts), "table-12-log": before(Log), "command-12": beforeCommand[TakeEvents],
			"table-29-journal": before(Journal), "table-45-vigils": before(Vigils),
			"table-18-bundles": before(Bundles), "table-24-policies": before(Policies), "table-25-holds": before(Holds),
			"command-40": beforeCommand[CreateRule], "command-41": beforeCommand[ChangeRule], "command-51": beforeCommand[CreateRoutingRule], "command-52": beforeCommand[ChangeRoutingRule],
			"command-54": beforeCommand[CreateSchedule], "command-55": beforeCommand[ChangeSchedule], "command-57": beforeCommand[CreateRotation], "command-58": beforeCommand[ChangeRotation],
			"command-94": beforeCommand[CreatePolicy], "command-95": beforeCommand[ChangePolicy],
			"command-96": beforeCommand[SwitchPolicy], "command-97": beforeCommand[MovePolicy], "command-98": beforeCommand[DeletePolicy],
			"command-91": beforeCommand[ChangeHeartbeat], "command-92": beforeCommand[DeleteHeartbeat],
			"table-2-counters": before(counters), "table-11-requests": before(requests), "table-41-swaps": before(Swaps),
			"command-137": beforeCommand[PutRoster],
			"command-60":  beforeCommand[CreateEscalation], "command-61": beforeCommand[ChangeEscalation],
			"table-28-integrations": before(Integrations), "command-100": beforeCommand[CreateIntegration], "command-101": beforeCommand[ChangeIntegration],
			"command-102": beforeCommand[DeleteIntegration], "command-103": beforeCommand[AddAction], "command-9": beforeCommand[CreateAlert],
		}[name]
		if !ok {
			t.Fatalf("nothing reads %s", name)
		}
		read(t, value)
	}
}

// before puts the bytes of an old row in the place of a new one and reads it.
func before[R any](rows *table.Table[R]) func(t *testing.T, value []byte) {
	return func(t *testing.T, value []byte) {
		t.Helper()
		tx, row := tabletest.NewTx(), fill[R]()
		if err := rows.Put(tx, &row); err != nil {
			t.Fatal(err)
		}
		for key := range tx.Scan(nil, nil) {
			if _, _, isRow := table.RowOf(key); isRow {
				tx.Set(key, value)
			}
		}
		if _, ok := rows.Get(tx, rows.KeyOf(&row)); !ok || tx.Err() != nil {
			t.Errorf("table %s: an old row cannot be read: %v", rows.Name(), tx.Err())
		}
	}
}

func beforeCommand[C any](t *testing.T, value []byte) {
	t.Helper()
	var c C
	if err := cbor.Unmarshal(value, &c); err != nil {
		t.Errorf("%T: %v", c, err)
	}
}

// golden writes a filled row, and reads it back.
func golden[R any](rows *table.Table[R]) func(t *testing.T) (string, []byte) {
	return func(t *testing.T) (string, []byte) {
		t.Helper()
		tx, row := tabletest.NewTx(), fill[R]()
		if err := rows.Put(tx, &row); err != nil {
			t.Fatal(err)
		}
		again, ok := rows.Get(tx, rows.KeyOf(&row))
		if !ok || !reflect.DeepEqual(*again, row) {
			t.Errorf("table %s: %+v is read as %+v", rows.Name(), row, again)
		}
		for key, value := range tx.Scan(nil, nil) {
			if _, _, isRow := table.RowOf(key); isRow {
				return fmt.Sprintf("table-%d-%s", rows.Number(), rows.Name()), value
			}
		}
		t.Fatalf("table %s has no row", rows.Name())
		return "", nil
	}
}

// fill returns a value of which every field is set.
func fill[T any]() T {
	var v T
	n := 0
	fillValue(reflect.ValueOf(&v).Elem(), &n)
	return v
}

func fillValue(v reflect.Value, n *int) {
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 11, 25, 14, 0, *n%60, *n, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() { // the others are not stored
				fillValue(v.Field(i), n)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillValue(v.Index(0), n)
	case reflect.Array:
		for i := range v.Len() {
			fillValue(v.Index(i), n)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillValue(key, n)
		fillValue(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprint("s", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n % 200))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	default:
		panic("the test cannot fill " + v.Type().String())
	}
}

// What is stored of the core has every field numbered: a field without a number would be
// written by its name.
func TestEveryStoredFieldHasANumber(t *testing.T) {
	seen := map[reflect.Type]bool{}
	for _, v := range []any{Cluster{}, counter{}, Key{}, Token{}, Peer{}, reach.User{}, route.Team{}, rota.Schedule{}, escalate.Policy{}, alert.Alert{}, alert.Draft{},
		Request{}, Entry{}, Deadline{}, Delivery{}, Bundled{}, envelope{}, TakeEvents{},
		Device{}, CreateUser{}, ChangeContact{}, RegisterDevice{}, ChangeRule{}, ChangeStep{}, CreateTeam{}, AddMember{}, ChangeRoutingRule{}, CreateSchedule{}, ChangeRotation{}, CreateEscalation{},
		alert.Tombstone{}, TeamClosure{}, Heartbeat{}, CreateHeartbeat{}, ChangeHeartbeat{}, DeleteHeartbeat{}, PingHeartbeats{}, UnacknowledgeAlert{}, SnoozeAlert{}, AssignAlert{}, TakeAlert{}, EscalateAlert{}, AddResponder{}, AddTeam{}, AddNote{}, AddTags{}, RemoveTags{}, AddDetails{}, RemoveDetails{}, RunAction{}, UpdatePriority{}, UpdateMessage{}, UpdateDescription{}, SeeAlert{}, DeleteAlert{}, AnswerClosing{}, PutClosure{},
		Maintenance{}, TeamMatrix{}, Sweep{}, CreateMaintenance{}, ChangeMaintenance{}, CancelMaintenance{}, DeleteMaintenance{}, PutMatrix{}, PutRetention{}, RetentionReport{},
		CheckList{}, PutChecks{}, DeleteChecks{}, NoteChecks{}, Presence{}, NoteAgent{}, SilenceAgents{}, HearAgents{},
		Policy{}, CreatePolicy{}, ChangePolicy{}, SwitchPolicy{}, MovePolicy{}, DeletePolicy{}, Hold{}, Integration{}, CreateIntegration{}, ChangeIntegration{}, AddAction{}, Input{}, TakeInput{},
		Grouping{}, CreateGrouping{}, ChangeGrouping{}, DeleteGrouping{}, MoveGrouping{}, CloseGroup{},
		ZoneFile{}, ZoneData{}, PutZones{},
		rota.Override{}, rota.Forward{}, rota.Absence{}, HolidayCalendar{}, Swap{}, Vigil{}, round{}, CreateOverride{}, ChangeOverride{}, CreateForward{}, ChangeForward{}, CreateAbsence{}, ChangeAbsence{},
		CreateHolidayCalendar{}, ChangeHolidayCalendar{}, DeleteHolidayCalendar{}, PutRoster{}, TakeOver{}, AskSwap{}, AnswerSwap{},
		incident.Incident{}, ContactProof{}, Canary{}, Warning{}, CatchAll{}, PutCatchAll{}, Turn{}, SendCode{}, ConfirmContact{}, PutCanary{}, IncidentLine{}, CreateIncident{}, AddIncidentResponders{}, AddIncidentTags{}, AddIncidentDetails{}, UpdateIncident{}, SeeIncident{},
		SavedSearch{}, CreateSavedSearch{}, ChangeSavedSearch{}, DeleteSavedSearch{},
		RateLimits{}, PutRateLimits{}, RenewKey{}, Deployment{}, CreateDeployment{}, UpdateDeployment{},
		Attachment{}, AddAttachment{}, DeleteAttachment{}, TakeInputs{}} {
		checkNumbers(t, reflect.TypeOf(v), seen)
	}
}

func checkNumbers(t *testing.T, typ reflect.Type, seen map[reflect.Type]bool) {
	for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || seen[typ] {
		return
	}
	seen[typ] = true
	numbers := map[string]string{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		if !f.IsExported() {
			continue // it is never stored
		}
		number, rest, _ := strings.Cut(f.Tag.Get("cbor"), ",")
		if number == "" || !strings.Contains(rest, "keyasint") {
			t.Errorf("%s.%s has no number", typ, f.Name)
		}
		if other, twice := numbers[number]; twice {
			t.Errorf("%s: %s and %s have the number %s", typ, other, f.Name, number)
		}
		numbers[number] = f.Name
		checkNumbers(t, f.Type, seen)
	}
}
