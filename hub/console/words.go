package console

import "fmt"

func stringOf(v any) string { return fmt.Sprint(v) }

// words returns the words of the pages in a language.
func words(language string) map[string]string {
	if language == "vi" {
		return map[string]string{
			"title": "Kẻng", "alerts": "Cảnh báo mới nhất", "none": "Chưa có cảnh báo nào. Mọi thứ đang yên.", "sign-in": "Đăng nhập", "sign-out": "Đăng xuất",
			"key": "Khoá API", "key-hint": "Dùng khoá có quyền đọc.", "wrong": "Khoá này không đúng, đã bị khoá, hoặc không có quyền đọc.",
			"missing": "Không có trang này.", "unavailable": "Cụm máy chủ chưa trả lời được. Trang sẽ tự tải lại.", "back": "Về danh sách",
			"open": "đang mở", "acknowledged": "đã tiếp nhận", "closed": "đã đóng", "count": "lần", "owner": "Người xử lý", "source": "Nguồn",
			"created": "Tạo lúc", "resting": "Vì sao đang chờ", "pages": "Các lần báo", "no-pages": "Chưa báo cho ai.", "log": "Nhật ký",
			"push": "thông báo đẩy", "voice": "cuộc gọi", "email": "thư điện tử", "sms": "tin nhắn", "queued": "chờ gửi", "attempted": "đang gửi", "accepted": "nhà cung cấp đã nhận",
			"ringing": "đang đổ chuông", "answered": "đã nhấc máy", "done": "xong", "failed": "không tới được", "cancelled": "đã huỷ", "acknowledge": "đã bấm tiếp nhận",
			"dead-contact": "địa chỉ không còn dùng được", "refused": "bị từ chối", "overloaded": "quá tải", "unavailable-failure": "không liên lạc được",
			"busy": "máy bận", "declined": "bị gác máy", "unanswered": "không ai nhấc máy", "no-reply": "nhấc máy nhưng không bấm số", "expired": "quá hạn gửi",
			"stale-term": "lệnh của nút chủ cũ", "misconfigured": "cấu hình sai",
		}
	}
	return map[string]string{
		"title": "Kẻng", "alerts": "Newest alerts", "none": "No alerts yet. All is quiet.", "sign-in": "Sign in", "sign-out": "Sign out",
		"key": "API key", "key-hint": "Use a key that may read.", "wrong": "This key is not right, is disabled, or may not read.",
		"missing": "There is no such page.", "unavailable": "The cluster cannot answer now. This page will load again by itself.", "back": "Back to the list",
		"open": "open", "acknowledged": "acknowledged", "closed": "closed", "count": "times", "owner": "Owner", "source": "Source",
		"created": "Created", "resting": "Why nothing happens", "pages": "Pages", "no-pages": "Nobody has been paged.", "log": "Log",
		"email": "e-mail", "sms": "text message", "acknowledge": "acknowledged by it", "unavailable-failure": "unavailable",
	}
}
