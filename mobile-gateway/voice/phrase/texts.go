package phrase

import "keng/proto/channel"

//go:generate go run generate.go

// Name names a phrase, whatever the language. The digits are named "0" to "9".
type Name string

// The phrases besides the digits.
const (
	Greeting     Name = "keng-alert"   // who calls
	Repeated     Name = "repeat"       // this call may have come before
	Late         Name = "late"         // the alert is older than it should be
	Priority     Name = "priority"     // a digit follows
	AlertNumber  Name = "alert-number" // digits follow
	AlertCount   Name = "alert-count"  // digits follow: how many alerts the call is about
	PressOne     Name = "press-1"      // the menu's beginning: what acknowledges
	PressOther   Name = "press-2-3"    // the menu's end: what closes, what passes the alert on
	Acknowledged Name = "acknowledged" // 1 was understood
	Closed       Name = "closed"       // 2 was understood
	PassedOn     Name = "passed-on"    // 3 was understood
	CodeIs       Name = "code"         // digits follow, by which a person proves that the number is theirs
)

// Names returns the names of all phrases, in a fixed order.
func Names() []Name {
	return []Name{
		Greeting, Repeated, Late, Priority, AlertNumber, AlertCount,
		PressOne, PressOther, Acknowledged, Closed, PassedOn, CodeIs,
		"0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
	}
}

// Languages returns the languages that phrases are recorded in.
func Languages() []channel.Language {
	return []channel.Language{channel.Vietnamese, channel.English}
}

// Text returns what is spoken for a phrase, or "" if there is no such phrase.
func Text(language channel.Language, name Name) string {
	switch language {
	case channel.Vietnamese:
		return vietnamese(name)
	case channel.English:
		return english(name)
	default:
		return ""
	}
}

func vietnamese(name Name) string {
	switch name {
	case Greeting:
		return "Kẻng báo động."
	case Repeated:
		return "Đây là cuộc gọi nhắc lại."
	case Late:
		return "Cảnh báo này được gửi muộn."
	case Priority:
		return "Mức ưu tiên"
	case AlertNumber:
		return "Cảnh báo số"
	case AlertCount:
		return "Số lượng cảnh báo"
	case PressOne:
		return "Bấm phím một để xác nhận,"
	case PressOther:
		return "phím hai để đóng, phím ba để chuyển cho người tiếp theo."
	case Acknowledged:
		return "Đã xác nhận. Xin cảm ơn."
	case Closed:
		return "Đã đóng cảnh báo."
	case PassedOn:
		return "Đã chuyển tiếp cảnh báo."
	case CodeIs:
		return "Mã xác minh Kẻng của bạn là"
	default:
		return digit(name, "không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
	}
}

func english(name Name) string {
	switch name {
	case Greeting:
		return "Keng alert."
	case Repeated:
		return "This is a repeated call."
	case Late:
		return "This alert comes late."
	case Priority:
		return "Priority"
	case AlertNumber:
		return "Alert number"
	case AlertCount:
		return "Number of alerts"
	case PressOne:
		return "Press one to acknowledge,"
	case PressOther:
		return "two to close, three for the next person."
	case Acknowledged:
		return "Acknowledged. Thank you."
	case Closed:
		return "The alert is closed. Thank you."
	case PassedOn:
		return "The alert is passed on. Thank you."
	case CodeIs:
		return "Your Keng verification code is"
	default:
		return digit(name, "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
	}
}

func digit(name Name, words ...string) string {
	if len(name) != 1 || name[0] < '0' || name[0] > '9' {
		return ""
	}
	return words[name[0]-'0']
}
