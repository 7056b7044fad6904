package explain

// Kind is a kind of decision. Values are stored and never reused.
type Kind uint16

// The kinds. Those of a range have the same outcome.
const (
	// Somebody is told, or there is no need to.
	Told              Kind = 1 // why the person is notified
	ToldAlready       Kind = 2 // a second way leads to a person who is being notified
	EscalationBegun   Kind = 3 // a second way leads to an escalation that has begun
	RoutedToNobody    Kind = 4 // the routing rule says so
	ForwardUnfollowed Kind = 5 // Of: whom it leads to
	ForwardNowhere    Kind = 6
	CountedByUTC      Kind = 7 // Of: what is wrong with the zone
	TeamOnCallSilent  Kind = 8 // of several who are on call: a team whose rules notify nobody
	PolicyDecided     Kind = 9 // Of: what notification policies say of a team

	// A page, or a person's next attempt.
	Queued           Kind = 20
	QueuedAlready    Kind = 21
	QueuedWithOthers Kind = 22
	AboutToGo        Kind = 23 // the page speaks of the alert already
	HeldForOthers    Kind = 24 // For: how long
	HeldForLine      Kind = 25
	PageCame         Kind = 26 // to a stage: Fate; Count: other alerts of the page
	OtherGateway     Kind = 27 // one speaks of a page that has gone on to another
	ContactLeftOut   Kind = 28 // it works no more
	AttemptOvertaken Kind = 29 // the next one is due as well
	PassedOn         Kind = 30 // the person cannot, and has the next one called

	NotToldAgain Kind = 37 // a person's rule repeats no more

	// Nobody is reached by a way (P10).
	ResponderGone      Kind = 40 // Of: its id
	TeamGone           Kind = 41 // Of: its id
	NoRoutingRule      Kind = 42
	BegunOnTheWay      Kind = 43 // a step leads to an escalation, Name, that has begun already
	PersonBlocked      Kind = 44
	NoWayToPerson      Kind = 45 // no contact that works, or no rule that wants the alert
	PersonGone         Kind = 46
	ScheduleUnreadable Kind = 47 // Of: why
	ScheduleDisabled   Kind = 48
	NobodyOnCall       Kind = 49
	ScheduleCircle     Kind = 50
	OnlyTeamSilent     Kind = 51 // all on call are teams whose rules notify nobody
	OnCallGone         Kind = 52

	PersonMuted        Kind = 57 // At, and Of by the person's clock: until when
	PersonInQuietHours Kind = 58 // At, and Of by the person's clock: until when
	PersonAlwaysQuiet  Kind = 59

	// Nothing more happens by itself (P2).
	RestsUnder      Kind = 60 // Name: the parent's number
	RestsNamingNone Kind = 61
	RestsAllGone    Kind = 62
	RestsHeldBack   Kind = 63 // Name: the policy; Of: what it says
	RestsUntold     Kind = 64
	RestsDone       Kind = 65
	RestsHeld       Kind = 66 // as RestsHeldBack, by a policy that is gone
	RestsOtherwise  Kind = 67 // Of: why, in the words of an earlier version

	// The alert begins, begins anew, or something that was planned does not come.
	Shaped          Kind = 80 // Of: by what
	StandsAlone     Kind = 81 // it is in no group. Of: why
	NoRoomUnder     Kind = 82 // Name: the member; Count: for how many there is room
	BegunAnewUnder  Kind = 83
	TeamToldAnew    Kind = 84
	TeamNotAnew     Kind = 85
	NotClosedByRule Kind = 86
	HelpNotAnswered Kind = 87
	LateOutage      Kind = 88 // At and Of: when it began
	EventsLost      Kind = 89 // by the agent Name. Count: how many; Of: before when
	EventsLostFrom  Kind = 92 // Of: between when and when
	GivenUp         Kind = 90 // At: when it was due
	EscalationGone  Kind = 91

	// What an escalation does.
	StepsAgain     Kind = 100 // Name: the escalation; Count: for the how many-th time, Of: of how many
	StepsNotAgain  Kind = 101 // Name: the escalation
	NotClosedAtEnd Kind = 102 // Name: the escalation
	EndNotClosed   Kind = 103 // Name: the escalation; Of: why not
	EarlierEnded   Kind = 104 // Count: of how many attempts
	AckedAlready   Kind = 105 // a way leads to a person who has acknowledged
	TooManyMembers Kind = 106 // of a team. Count: how many are not told, Of: how many are at most

	// Nobody is reached by a step of an escalation (P10).
	NoMembers         Kind = 110
	OnlyAdmins        Kind = 111
	NoAdmins          Kind = 112
	NoMemberReachable Kind = 113
	NobodyNext        Kind = 114
	NobodyBefore      Kind = 115
	OnlyForNotAcked   Kind = 116 // a step for what is acknowledged leads to an escalation, Name, which has no such
)

// words are the name of a kind, its two sentences, and what comes of it.
type words struct {
	name, en, vi string
	outcome      outcome
}

// outcome is what comes of a decision, which its sentence begins with.
type outcome uint8

const (
	goesOn       outcome = iota // nothing in particular
	reachesNone                 // nobody is notified by this way
	leavesOne                   // others are
	restsFromNow                // nobody further will be
)

// begins returns what the sentence begins with.
func (o outcome) begins() (en, vi string) {
	switch o {
	case reachesNone:
		return "Nobody notified: ", "Không báo được cho ai: "
	case leavesOne:
		return "Not notified: ", "Không được báo: "
	case restsFromNow:
		return "Nobody further will be notified: ", "Sẽ không báo thêm cho ai: "
	}
	return "", ""
}

// Rests reports whether the decision is why nobody further is notified.
func (k Kind) Rests() bool { return k.words().outcome == restsFromNow }

// OfPage reports whether the decision is about a page that is there: the page tells it better.
func (k Kind) OfPage() bool { return k == Told || k >= Queued && k <= OtherGateway }

// String returns the kind's name, as programs have it.
func (k Kind) String() string { return k.words().name }

// Kinds returns all kinds.
func Kinds() (all []Kind) {
	for k := range Kind(2 * firstOfAccount) {
		if k.String() != "" {
			all = append(all, k)
		}
	}
	return all
}

// words returns the zero value for a kind that a later version has written.
func (k Kind) words() words {
	switch {
	case k >= firstOfAccount:
		return k.wordsOfAccount()
	case int(k) >= len(wordsOfLog):
		return words{}
	}
	return wordsOfLog[k]
}

// wordsOfLog are the words of the kinds that stand in logs. The table is made once: each line of a log asks it.
var wordsOfLog = [...]words{
	Told:              {"told", "{name} is notified: {why}", "Báo cho {name}: {why}", goesOn},
	ToldAlready:       {"toldAlready", "{name} is notified already; also: {why}", "{name} đã được báo rồi; thêm lý do: {why}", goesOn},
	EscalationBegun:   {"escalationBegun", "Escalation {name} has begun already: {why}", "Chính sách leo thang {name} đã bắt đầu rồi: {why}", goesOn},
	RoutedToNobody:    {"routedToNobody", "A routing rule of team {team} says that nobody is notified", "Quy tắc định tuyến của nhóm {team} quy định không báo cho ai", goesOn},
	ForwardUnfollowed: {"forwardUnfollowed", "The forwarding of {name} is not followed: {of} cannot be notified", "Không chuyển tiếp thông báo của {name}: không thể báo cho {of}", goesOn},
	ForwardNowhere:    {"forwardNowhere", "The forwarding of {name} is not followed: whom it leads to cannot be notified", "Không chuyển tiếp thông báo của {name}: người nhận chuyển tiếp không còn nữa", goesOn},
	CountedByUTC:      {"countedByUTC", "Who is on call is counted by UTC: {of}", "Ca trực được tính theo giờ UTC: {of}", goesOn},
	TeamOnCallSilent:  {"teamOnCallSilent", "on call in schedule {schedule} is a team whose routing rules notify nobody", "trong lịch {schedule} có nhóm đang trực mà quy tắc định tuyến không báo cho ai", leavesOne},
	PolicyDecided:     {"policyDecided", "{of}", "Chính sách thông báo: {of}", goesOn},

	Queued:           {"queued", "{by} to {name} queued: {why}", "Chờ gửi {by} cho {name}: {why}", goesOn},
	QueuedAlready:    {"queuedAlready", "{by} to {name} is queued already; also: {why}", "{by} cho {name} đã chờ gửi rồi; thêm lý do: {why}", goesOn},
	QueuedWithOthers: {"queuedWithOthers", "{by} to {name} queued, as one page with others: {why}", "Chờ gửi {by} cho {name}, gộp chung với các cảnh báo khác: {why}", goesOn},
	AboutToGo:        {"aboutToGo", "{by} to {name} is about to go already; also: {why}", "{by} cho {name} sắp được gửi rồi; thêm lý do: {why}", goesOn},
	HeldForOthers:    {"heldForOthers", "{by} to {name} is held for {for}, to be one page with what else comes: {why}", "Giữ {by} cho {name} trong {for} để gộp với những gì đến sau: {why}", goesOn},
	HeldForLine:      {"heldForLine", "{by} to {name} is held to be one page with what else comes, and goes when the person's line is free: {why}", "Giữ {by} cho {name} để gộp với những gì đến sau, sẽ gửi khi máy của người này rảnh: {why}", goesOn},
	PageCame:         {"pageCame", "{by}{others} to {name}: {fate}", "{by}{others} cho {name}: {fate}", goesOn},
	OtherGateway:     {"otherGateway", "{by}: another gateway, which has the page no more: {fate}", "{by}: một gateway khác, không còn giữ lần báo này: {fate}", goesOn},
	ContactLeftOut:   {"contactLeftOut", "A contact of {name} works no more and is left out", "Một liên hệ của {name} không còn dùng được nên bị bỏ qua", goesOn},
	AttemptOvertaken: {"attemptOvertaken", "A contact was not tried when it was due, and is left out: the next one of the same person is due too", "Một liên hệ đã không được thử đúng giờ nên bị bỏ qua: liên hệ tiếp theo của cùng người cũng đã đến giờ", goesOn},
	PassedOn:         {"passedOn", "Passed on to the next person by {by}", "Đã chuyển cho người tiếp theo qua {by}", goesOn},

	NotToldAgain: {"notToldAgain", "{name} is not notified again: the rule repeats no more, or no contact works", "Không báo lại cho {name}: quy tắc không còn lặp lại, hoặc không có liên hệ nào dùng được", goesOn},

	ResponderGone:      {"responderGone", "responder {quoted} does not exist", "người xử lý {quoted} không tồn tại", reachesNone},
	TeamGone:           {"teamGone", "team {quoted} does not exist", "nhóm {quoted} không tồn tại", reachesNone},
	NoRoutingRule:      {"noRoutingRule", "no routing rule of team {team} matches", "không có quy tắc định tuyến nào của nhóm {team} phù hợp", reachesNone},
	OnlyForNotAcked:    {"onlyForNotAcknowledged", "{why} leads to escalation {name}, none of whose steps is for acknowledged alerts", "{why} dẫn tới chính sách leo thang {name}, vốn không có bước nào dành cho cảnh báo đã được xác nhận", reachesNone},
	BegunOnTheWay:      {"begunOnTheWay", "{why} leads to escalation {name}, which has begun already", "{why} dẫn tới chính sách leo thang {name}, vốn đã bắt đầu rồi", reachesNone},
	PersonBlocked:      {"personBlocked", "{name} is blocked", "{name} đang bị khoá", reachesNone},
	NoWayToPerson:      {"noWayToPerson", "{name} has no contact that works, or no rule that wants this alert", "{name} không có liên hệ nào dùng được, hoặc không có quy tắc thông báo nào nhận cảnh báo này", reachesNone},
	PersonGone:         {"personGone", "the person has been deleted", "người này đã bị xóa", reachesNone},
	ScheduleUnreadable: {"scheduleUnreadable", "{of}", "không tính được ca trực của lịch {schedule}: {of}", reachesNone},
	ScheduleDisabled:   {"scheduleDisabled", "schedule {schedule} is disabled, so nobody is on call in it", "lịch {schedule} đang tắt nên không ai trực", reachesNone},
	NobodyOnCall:       {"nobodyOnCall", "nobody is on call in schedule {schedule}", "không ai trực trong lịch {schedule}", reachesNone},
	ScheduleCircle:     {"scheduleCircle", "who is on call in schedule {schedule} leads back to it", "người trực trong lịch {schedule} lại dẫn về chính lịch đó", reachesNone},
	OnlyTeamSilent:     {"onlyTeamSilent", "on call in schedule {schedule} is a team whose routing rules notify nobody", "trong lịch {schedule} có nhóm đang trực mà quy tắc định tuyến không báo cho ai", reachesNone},
	OnCallGone:         {"onCallGone", "who is on call in schedule {schedule} does not exist any more", "người trực trong lịch {schedule} không còn nữa", reachesNone},

	PersonMuted:        {"personMuted", "{name} is muted until {of}", "{name} đang tắt thông báo đến {of}", reachesNone},
	PersonInQuietHours: {"personInQuietHours", "{name} is in quiet hours until {of}", "{name} đang trong giờ không làm phiền đến {of}", reachesNone},
	PersonAlwaysQuiet:  {"personAlwaysQuiet", "{name} is in quiet hours, which never end", "{name} luôn trong giờ không làm phiền", reachesNone},

	RestsUnder:      {"restsUnder", "it is under {name}: see there", "cảnh báo nằm trong {name}: xem ở đó", restsFromNow},
	RestsNamingNone: {"restsNamingNone", "it names nobody who answers for it", "cảnh báo không chỉ định ai xử lý", restsFromNow},
	RestsAllGone:    {"restsAllGone", "nobody of those who answer for it exists any more", "những người xử lý cảnh báo này đều không còn nữa", restsFromNow},
	RestsHeldBack:   {"restsHeldBack", "team {team} by notification policy {name}: {of}", "nhóm {team} bị chính sách thông báo {name} giữ lại: {of}", restsFromNow},
	RestsHeld:       {"restsHeld", "team {team} by a notification policy: {of}", "nhóm {team} bị một chính sách thông báo giữ lại: {of}", restsFromNow},
	RestsUntold:     {"restsUntold", "what is under it has yet to be told", "còn cảnh báo trong nhóm chưa được báo", restsFromNow},
	RestsDone:       {"restsDone", "everything that was configured has been done", "mọi bước đã cấu hình đều đã thực hiện", restsFromNow},

	Shaped:          {"shaped", "Shaped by {of}", "Đã được điều chỉnh bởi {of}", goesOn},
	StandsAlone:     {"standsAlone", "Stands for itself: {of}", "Không gộp vào nhóm nào: {of}", goesOn},
	NoRoomUnder:     {"noRoomUnder", "Not all who answer for {name} are called again if it begins anew: there is room for {count}", "Nếu báo lại từ đầu, không phải ai xử lý {name} cũng được gọi lại: chỉ đủ chỗ cho {count}", goesOn},
	BegunAnewUnder:  {"begunAnewUnder", "Something under it has come, or come back, since people were called, and nobody has acknowledged: it begins anew", "Từ khi gọi người xử lý, trong nhóm có cảnh báo mới hoặc tái diễn mà chưa ai xác nhận: báo lại từ đầu", goesOn},
	TeamToldAnew:    {"teamToldAnew", "Nobody has acknowledged: team {team} is notified anew", "Chưa ai xác nhận: báo lại nhóm {team} từ đầu", goesOn},
	TeamNotAnew:     {"teamNotAnew", "Team {team} is not notified anew: no notification policy says so any more", "Không báo lại nhóm {team}: không còn chính sách thông báo nào yêu cầu", goesOn},
	NotClosedByRule: {"notClosedByRule", "It is not closed by itself: no notification policy of team {team} says so any more", "Không tự đóng: không còn chính sách thông báo nào của nhóm {team} yêu cầu", goesOn},
	HelpNotAnswered: {"helpNotAnswered", "Nobody has answered the call for help: notifying goes on", "Chưa ai đáp lại lời gọi hỗ trợ: tiếp tục báo", goesOn},
	LateOutage:      {"lateOutage", "The agent could not tell of it in time: it began at {of}", "Agent không kịp báo: sự cố bắt đầu lúc {of}", goesOn},
	EventsLost:      {"eventsLost", "Agent {name} lost {count} events before {first}", "Agent {name} đã mất {count} sự kiện trước {first}", goesOn},
	EventsLostFrom:  {"eventsLostFrom", "Agent {name} lost {count} events between {first} and {second}", "Agent {name} đã mất {count} sự kiện trong khoảng từ {first} đến {second}", goesOn},
	GivenUp:         {"givenUp", "What was due at {at} could not be done and is given up: see the hub's log", "Việc đến hạn lúc {at} không thực hiện được nên đã bỏ: xem nhật ký của hub", goesOn},
	EscalationGone:  {"escalationGone", "The escalation has been deleted", "Chính sách leo thang đã bị xóa", goesOn},

	RestsOtherwise: {"restsOtherwise", "{of}", "{of}", restsFromNow},

	StepsAgain:     {"stepsAgain", "The steps of escalation {name} run again: {count} of {first}", "Các bước của chính sách leo thang {name} chạy lại: lần {count} trên {first}", goesOn},
	StepsNotAgain:  {"stepsNotAgain", "The steps of escalation {name} do not run again: nobody says so any more", "Các bước của chính sách leo thang {name} không chạy lại: cấu hình đã thay đổi", goesOn},
	NotClosedAtEnd: {"notClosedAtEnd", "It is not closed: escalation {name} does not say so any more", "Không tự đóng: chính sách leo thang {name} không còn quy định như vậy", goesOn},
	EndNotClosed:   {"endNotClosed", "Escalation {name} has come to its end, but: {of}", "Chính sách leo thang {name} đã đi hết các bước, nhưng: {of}", goesOn},
	EarlierEnded:   {"earlierEnded", "Step {step} of escalation {escalation} ends what its earlier steps had planned, attempts: {count}", "Bước {step} của chính sách leo thang {escalation} hủy {count} lần báo mà các bước trước đã định", goesOn},
	AckedAlready:   {"ackedAlready", "{name} has acknowledged already; also: {why}", "{name} đã xác nhận rồi; thêm lý do: {why}", goesOn},
	TooManyMembers: {"tooManyMembers", "{count} members of team {team} are not notified: {first} at most are", "Không báo cho {count} thành viên của nhóm {team}: mỗi bước chỉ báo tối đa {first} người", goesOn},

	NoMembers:         {"noMembers", "team {team} has no members", "nhóm {team} không có thành viên", reachesNone},
	OnlyAdmins:        {"onlyAdmins", "team {team} has no members but administrators", "nhóm {team} chỉ có quản trị viên, không có thành viên khác", reachesNone},
	NoAdmins:          {"noAdmins", "team {team} has no administrators", "nhóm {team} không có quản trị viên", reachesNone},
	NoMemberReachable: {"noMemberReachable", "no member of team {team} can be notified", "không báo được cho thành viên nào của nhóm {team}", reachesNone},
	NobodyNext:        {"nobodyNext", "nobody is on call next in schedule {schedule}", "không ai trực kế tiếp trong lịch {schedule}", reachesNone},
	NobodyBefore:      {"nobodyBefore", "nobody was on call before in schedule {schedule}", "trước đó không ai trực trong lịch {schedule}", reachesNone},
}
