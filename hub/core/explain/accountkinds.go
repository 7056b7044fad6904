package explain

// firstOfAccount is the first of the kinds that stand in accounts alone, and in no log.
const firstOfAccount = 1000

// The kinds of accounts.
const (
	// How the alert stands. Name: who did it; At: when.
	WantsAttention Kind = firstOfAccount + 0
	IsAcknowledged Kind = firstOfAccount + 1
	IsSnoozed      Kind = firstOfAccount + 2
	IsClosing      Kind = firstOfAccount + 3
	IsClosed       Kind = firstOfAccount + 4
	IsUnder        Kind = firstOfAccount + 5 // Name: the parent's number
	StandsForMore  Kind = firstOfAccount + 6 // Count: the members

	// What an account says of people, which is written into no log.
	Paged        Kind = firstOfAccount + 10 // Of: the names of the routing rule and of the notification rule
	PagedPerson  Kind = firstOfAccount + 11 // Count: so often
	PassedPerson Kind = firstOfAccount + 12 // not paged
	PagedNobody  Kind = firstOfAccount + 13
	NotReached   Kind = firstOfAccount + 14 // a step had not come. Because: of which silence
	NotTried     Kind = firstOfAccount + 15 // the first attempt had not come. Because: of which silence
	OlderPages   Kind = firstOfAccount + 16 // Count: so many are left out

	TriedPerson    Kind = firstOfAccount + 17 // Count: so often, and never in success
	PagedPartly    Kind = firstOfAccount + 18 // Count: so often; Of: how many pages of these reached nobody
	PagesWithdrawn Kind = firstOfAccount + 19 // Count: so many, and there were no others

	// What comes next if nobody acts.
	StepComes      Kind = firstOfAccount + 20 // Of: whom it calls, unless Why says whom of its recipient
	AttemptComes   Kind = firstOfAccount + 21
	TeamComes      Kind = firstOfAccount + 22
	TeamComesAnew  Kind = firstOfAccount + 23
	ClosesItself   Kind = firstOfAccount + 24
	SnoozeEnds     Kind = firstOfAccount + 25
	ClosingEnds    Kind = firstOfAccount + 26
	LastResort     Kind = firstOfAccount + 27 // Of: who it is
	LastResortEnds Kind = firstOfAccount + 36 // the same, when all that is planned has been done
	HelpGoesOn     Kind = firstOfAccount + 28
	HeldPageGoes   Kind = firstOfAccount + 29
	FateComes      Kind = firstOfAccount + 30 // the fate of a page that is under way
	LooksAgain     Kind = firstOfAccount + 31
	StepsComeAgain Kind = firstOfAccount + 33 // Name: the escalation; Count: for the how many-th time, Of: of how many
	EndComes       Kind = firstOfAccount + 34 // Name: the escalation
	PagesComeAgain Kind = firstOfAccount + 35 // a person's own rule repeats
	NothingComes   Kind = firstOfAccount + 32
)

// wordsOfAccount is [Kind.words] of them.
func (k Kind) wordsOfAccount() words {
	all := [...]words{
		WantsAttention - firstOfAccount: {"wantsAttention", "Nobody takes care of the alert yet", "Chưa ai nhận xử lý cảnh báo", goesOn},
		IsAcknowledged - firstOfAccount: {"isAcknowledged", "{name} acknowledged the alert at {clock}", "{name} đã xác nhận cảnh báo lúc {clock}", goesOn},
		IsSnoozed - firstOfAccount:      {"isSnoozed", "{name} snoozed the alert at {clock}", "{name} đã tạm hoãn cảnh báo lúc {clock}", goesOn},
		IsClosing - firstOfAccount:      {"isClosing", "{name} asked at {clock} whether the alert may be closed", "{name} đã hỏi lúc {clock} xem có đóng cảnh báo được không", goesOn},
		IsClosed - firstOfAccount:       {"isClosed", "{name} closed the alert at {clock}", "{name} đã đóng cảnh báo lúc {clock}", goesOn},
		IsUnder - firstOfAccount:        {"isUnder", "It is under alert {name}, which calls people for it: see there", "Cảnh báo nằm trong {name}, cảnh báo đó gọi người xử lý thay: xem ở đó", goesOn},
		StandsForMore - firstOfAccount:  {"standsForMore", "It stands for all alerts under it, {count} in all: its pages are theirs", "Cảnh báo này đại diện cho {count} cảnh báo trong nhóm: mọi lần báo đều báo chung cho cả nhóm", goesOn},

		Paged - firstOfAccount:          {"paged", "{by}{others} to {name}, {why}{rules}: {fate}", "{by}{others} cho {name}, {why}{rules}: {fate}", goesOn},
		PagedPerson - firstOfAccount:    {"pagedPerson", "{name} was paged {times}", "Đã báo cho {name} {times}", goesOn},
		TriedPerson - firstOfAccount:    {"triedPerson", "{name} was tried {times} and not reached", "Đã thử báo cho {name} {times} nhưng không tới được", goesOn},
		PagedPartly - firstOfAccount:    {"pagedPartly", "{name} was paged {times}; {first} of these did not arrive", "Đã báo cho {name} {times}, trong đó {first} lần không tới được", goesOn},
		PagesWithdrawn - firstOfAccount: {"pagesWithdrawn", "{name} was not paged: what was to go was taken back before it went", "Chưa báo cho {name} lần nào: thông báo đã được hủy trước khi gửi", goesOn},
		PassedPerson - firstOfAccount:   {"passedPerson", "{name} was not paged", "Chưa báo cho {name} lần nào", goesOn},
		PagedNobody - firstOfAccount:    {"pagedNobody", "Nobody was paged", "Chưa báo cho ai", goesOn},
		NotReached - firstOfAccount:     {"notReached", "step {step} of escalation {escalation}, which calls {name}, had not come: {because}", "bước {step} của chính sách leo thang {escalation}, bước gọi {name}, chưa đến lượt: {because}", goesOn},
		NotTried - firstOfAccount:       {"notTried", "the first contact of {name} was not yet due: {because}", "liên hệ đầu tiên của {name} chưa đến giờ thử: {because}", goesOn},
		OlderPages - firstOfAccount:     {"olderPages", "Of the older pages {count} are left out here", "Không kể ở đây {count} lần báo cũ hơn", goesOn},

		StepComes - firstOfAccount:      {"stepComes", "step {step} of escalation {escalation} calls {whom}", "bước {step} của chính sách leo thang {escalation} gọi {whom}", goesOn},
		AttemptComes - firstOfAccount:   {"attemptComes", "{by} to {name}, {why}", "{by} cho {name}, {why}", goesOn},
		TeamComes - firstOfAccount:      {"teamComes", "team {team} is notified, if its policies hold it back no more", "báo cho nhóm {team}, nếu chính sách của nhóm không còn giữ lại", goesOn},
		TeamComesAnew - firstOfAccount:  {"teamComesAnew", "team {team} is notified anew", "báo lại nhóm {team} từ đầu", goesOn},
		ClosesItself - firstOfAccount:   {"closesItself", "the alert is closed by itself, if it does not occur again", "cảnh báo tự đóng nếu không xảy ra lại", goesOn},
		SnoozeEnds - firstOfAccount:     {"snoozeEnds", "the snooze ends, and people are called again", "hết thời gian tạm hoãn, lại gọi người xử lý", goesOn},
		ClosingEnds - firstOfAccount:    {"closingEnds", "the alert is closed, if its reporter says nothing", "cảnh báo được đóng nếu người báo không nói gì", goesOn},
		LastResort - firstOfAccount:     {"lastResort", "{of} is called as the last resort", "gọi {of}, là người được gọi cuối cùng", goesOn},
		LastResortEnds - firstOfAccount: {"lastResortEnds", "at the earliest {of} is called as the last resort; sooner if nobody can be reached", "sớm nhất lúc này sẽ gọi {of}, là người được gọi cuối cùng; nếu không báo được cho ai thì gọi sớm hơn", goesOn},
		HelpGoesOn - firstOfAccount:     {"helpGoesOn", "notifying goes on, if nobody has answered the call for help", "tiếp tục báo nếu chưa ai đáp lại lời gọi hỗ trợ", goesOn},
		HeldPageGoes - firstOfAccount:   {"heldPageGoes", "{by} to {name}, which is held to be one page with others, goes", "gửi {by} cho {name}, đang được giữ để gộp với cảnh báo khác", goesOn},
		FateComes - firstOfAccount:      {"fateComes", "{by} to {name} is given up, if nothing is heard of it", "bỏ {by} cho {name} nếu vẫn chưa có tin", goesOn},
		LooksAgain - firstOfAccount:     {"looksAgain", "the hub looks at the alert again", "hub xem lại cảnh báo", goesOn},
		PagesComeAgain - firstOfAccount: {"pagesComeAgain", "{name} is notified again, as a notification rule of the person says", "báo lại cho {name} theo quy tắc thông báo của người này", goesOn},
		NothingComes - firstOfAccount:   {"nothingComes", "Nothing is planned", "Không có việc gì sắp diễn ra", goesOn},
		StepsComeAgain - firstOfAccount: {"stepsComeAgain", "the steps of escalation {name} run again: {count} of {first}", "các bước của chính sách leo thang {name} chạy lại: lần {count} trên {first}", goesOn},
		EndComes - firstOfAccount:       {"endComes", "the alert is closed at the end of escalation {name}, if nobody has acknowledged", "cảnh báo được đóng khi chính sách leo thang {name} đi hết các bước mà chưa ai xác nhận", goesOn},
	}
	if int(k-firstOfAccount) >= len(all) {
		return words{}
	}
	return all[k-firstOfAccount]
}
