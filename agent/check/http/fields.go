package http

import "keng/agent/check"

// requestFields are about what is asked.
func requestFields() []check.Field {
	return []check.Field{
		{
			Name: "method", Type: check.TypeChoice, Default: "GET",
			Choices: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"},
			Label:   check.Text{VI: "Phương thức", EN: "Method"},
			Help:    check.Text{VI: "Phương thức HTTP của yêu cầu.", EN: "The HTTP method of the request."},
		},
		{
			Name: "headers", Type: check.TypePairs, Secret: true,
			Label: check.Text{VI: "Tiêu đề", EN: "Headers"},
			Help:  check.Text{VI: "Các tiêu đề gửi kèm yêu cầu, ví dụ Authorization.", EN: "Headers to send with the request, such as Authorization."},
		},
		{
			Name: "body", Type: check.TypeText, Max: 64 << 10,
			Label: check.Text{VI: "Nội dung gửi đi", EN: "Request body"},
			Help:  check.Text{VI: "Nội dung gửi kèm yêu cầu.", EN: "What to send as the body of the request."},
		},
		{
			Name: "max_redirects", Type: check.TypeInteger, Default: int64(10), Max: 20,
			Label: check.Text{VI: "Số lần chuyển hướng tối đa", EN: "Redirect limit"},
			Help:  check.Text{VI: "Đi theo tối đa bấy nhiêu lần chuyển hướng; 0 là không đi theo.", EN: "How many redirects to follow; 0 follows none and judges the redirect itself."},
		},
		{
			Name: "tls_verify", Type: check.TypeBoolean, Default: true,
			Label: check.Text{VI: "Kiểm tra chứng chỉ", EN: "Verify the certificate"},
			Help:  check.Text{VI: "Báo lỗi khi chứng chỉ TLS không hợp lệ.", EN: "Whether an invalid TLS certificate is a failure."},
		},
		{
			Name: "tls_server_name", Type: check.TypeText, Max: 253,
			Label: check.Text{VI: "Tên máy chủ TLS", EN: "TLS server name"},
			Help:  check.Text{VI: "Tên phải có trong chứng chỉ, nếu khác tên trong địa chỉ.", EN: "The name that the certificate must bear, if it is not that of the address."},
		},
	}
}

// answerFields are about what is expected.
func answerFields() []check.Field {
	return []check.Field{
		{
			Name: "expect_status", Type: check.TypeTexts, Default: []string{"2xx", "3xx"},
			Label: check.Text{VI: "Mã trạng thái mong đợi", EN: "Expected status"},
			Help:  check.Text{VI: "Mã trạng thái được coi là tốt: 200, 2xx hoặc 200-299.", EN: "The status codes that are good: 200, 2xx or 200-299."},
		},
		{
			Name: "contains", Type: check.TypeText,
			Label: check.Text{VI: "Nội dung phải có", EN: "Body contains"},
			Help:  check.Text{VI: "Đoạn chữ phải có trong nội dung trả về.", EN: "A text that the body of the answer must contain."},
		},
		{
			Name: "matches", Type: check.TypeText,
			Label: check.Text{VI: "Nội dung khớp mẫu", EN: "Body matches"},
			Help:  check.Text{VI: "Biểu thức chính quy (RE2) mà nội dung trả về phải khớp.", EN: "A regular expression (RE2) that the body of the answer must match."},
		},
		{
			Name: "body_limit", Type: check.TypeInteger, Default: int64(1 << 20), Min: 1, Max: 16 << 20,
			Label: check.Text{VI: "Giới hạn nội dung", EN: "Body limit"},
			Help:  check.Text{VI: "Đọc tối đa bấy nhiêu byte của nội dung trả về.", EN: "How many bytes of the body are read; what follows is not looked at."},
		},
	}
}
