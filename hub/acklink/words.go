package acklink

// words are the texts of a page in one language.
type words struct {
	Language                                                string
	Title                                                   string
	AcknowledgeAll, More                                    string
	Acknowledge, Open, Closed, By, ByYou, At, Created, Note string
	Unknown, UnknownWhy, Over, OverWhy                      string
	Unavailable, UnavailableWhy                             string
}

// wordsIn returns the texts in a language, or in both if it is neither of ours.
func wordsIn(language string) []words {
	vi := words{
		Language: "vi", Title: "Kẻng", Acknowledge: "Tiếp nhận", AcknowledgeAll: "Tiếp nhận tất cả", More: "Số cảnh báo khác không hiện ở đây:", Open: "Chưa ai tiếp nhận", Closed: "Đã đóng",
		By: "Đã tiếp nhận bởi", ByYou: "Bạn đã tiếp nhận cảnh báo này.", At: "Tiếp nhận lúc", Created: "Tạo lúc",
		Note:    "Bấm nút để nhận xử lý với tên",
		Unknown: "Đường dẫn không đúng", UnknownWhy: "Hãy mở lại đường dẫn từ thư hoặc tin nhắn; có thể nó đã bị cắt bớt.",
		Over: "Đường dẫn đã hết hiệu lực", OverWhy: "Đường dẫn chỉ dùng được trong 7 ngày. Hãy đăng nhập để xem cảnh báo.",
		Unavailable: "Tạm thời chưa tiếp nhận được", UnavailableWhy: "Cụm máy chủ Kẻng chưa trả lời. Cảnh báo chưa được tiếp nhận; hãy thử lại sau vài giây.",
	}
	en := words{
		Language: "en", Title: "Kẻng", Acknowledge: "Acknowledge", AcknowledgeAll: "Acknowledge all", More: "Further alerts, not shown here:", Open: "Nobody has acknowledged it", Closed: "Closed",
		By: "Acknowledged by", ByYou: "You have acknowledged this alert.", At: "Acknowledged at", Created: "Created",
		Note:    "Press the button to take care of it as",
		Unknown: "This link is not right", UnknownWhy: "Open it again from the mail or message; it may have been cut short.",
		Over: "This link works no more", OverWhy: "A link works for 7 days. Sign in to see the alert.",
		Unavailable: "This cannot be acknowledged now", UnavailableWhy: "The Kẻng cluster does not answer. The alert may not be acknowledged yet; try again in a few seconds.",
	}
	switch language {
	case "vi":
		return []words{vi}
	case "en":
		return []words{en}
	}
	return []words{vi, en}
}
