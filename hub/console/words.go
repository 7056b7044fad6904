package console

// words returns the words of the pages in a language.
func words(language string) map[string]string {
	if language == "vi" {
		return map[string]string{
			"title": "Kẻng", "alerts": "Cảnh báo mới nhất", "none": "Chưa có cảnh báo nào. Mọi thứ đang yên.", "sign-in": "Đăng nhập", "sign-out": "Đăng xuất",
			"key": "Khoá API", "key-hint": "Dùng khoá có quyền đọc.", "wrong": "Khoá này không đúng, đã bị khoá, hoặc không có quyền đọc.",
			"missing": "Không có trang này.", "unavailable": "Cụm máy chủ chưa trả lời được. Trang sẽ tự tải lại.", "back": "Về danh sách", "onward": "Tới cảnh báo",
			"open": "đang mở", "acknowledged": "đã tiếp nhận", "snoozed": "đã tạm hoãn", "closed": "đã đóng", "count": "lần", "owner": "Người xử lý", "source": "Nguồn",
			"created": "Tạo lúc", "resting": "Vì sao không báo thêm", "pages": "Các lần báo", "no-pages": "Chưa báo cho ai.", "log": "Nhật ký", "zone": "Giờ",
			"untold": "không ai được báo", "told-out": "không báo thêm ai",
			"push": "thông báo đẩy", "voice": "cuộc gọi", "email": "thư điện tử", "sms": "tin nhắn SMS",
		}
	}
	return map[string]string{
		"title": "Kẻng", "alerts": "Newest alerts", "none": "No alerts yet. All is quiet.", "sign-in": "Sign in", "sign-out": "Sign out",
		"key": "API key", "key-hint": "Use a key that may read.", "wrong": "This key is not right, is disabled, or may not read.",
		"missing": "There is no such page.", "unavailable": "The cluster cannot answer now. This page will load again by itself.", "back": "Back to the list", "onward": "To the alert",
		"open": "open", "acknowledged": "acknowledged", "snoozed": "snoozed", "closed": "closed", "count": "times", "owner": "Owner", "source": "Source",
		"created": "Created", "resting": "Why nobody further is told", "pages": "Pages", "no-pages": "Nobody has been paged.", "log": "Log", "zone": "Times in",
		"untold": "nobody is told", "told-out": "nobody further is told",
		"push": "push", "voice": "voice", "email": "e-mail", "sms": "text message",
	}
}
