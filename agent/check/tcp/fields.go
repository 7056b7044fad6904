package tcp

import "keng/agent/check"

// talkFields are about the conversation.
func talkFields() []check.Field {
	return []check.Field{
		{
			Name: "send", Type: check.TypeText, Secret: true,
			Label: check.Text{VI: "Nội dung gửi đi", EN: "Send"},
			Help:  check.Text{VI: `Đoạn chữ gửi đi sau khi kết nối; viết xuống dòng là "\r\n" trong ngoặc kép.`, EN: `A text to send once connected; write line ends as "\r\n", in double quotes.`},
		},
		{
			Name: "expect", Type: check.TypeText,
			Label: check.Text{VI: "Lời đáp phải có", EN: "Expect"},
			Help:  check.Text{VI: "Đoạn chữ phải có trong lời đáp; để trống là không cần.", EN: "A text that the answer must contain."},
		},
		{
			Name: "matches", Type: check.TypeText,
			Label: check.Text{VI: "Lời đáp khớp mẫu", EN: "Answer matches"},
			Help:  check.Text{VI: "Biểu thức chính quy (RE2) mà lời đáp phải khớp.", EN: "A regular expression (RE2) that the answer must match."},
		},
		{
			Name: "read_limit", Type: check.TypeInteger, Default: int64(4 << 10), Min: 1, Max: 64 << 10,
			Label: check.Text{VI: "Giới hạn lời đáp", EN: "Answer limit"},
			Help:  check.Text{VI: "Đọc tối đa bấy nhiêu byte của lời đáp.", EN: "How many bytes of the answer are read; what follows is not looked at."},
		},
		{
			Name: "ip_version", Type: check.TypeChoice, Default: "any", Choices: []string{"any", "4", "6"},
			Label: check.Text{VI: "Phiên bản IP", EN: "IP version"},
			Help:  check.Text{VI: "Chỉ dùng IPv4 (4), chỉ IPv6 (6), hoặc cái nào cũng được (any).", EN: "IPv4 alone (4), IPv6 alone (6), or whichever connects first (any)."},
		},
	}
}

// tlsFields are about TLS.
func tlsFields() []check.Field {
	return []check.Field{
		{
			Name: "tls", Type: check.TypeBoolean,
			Label: check.Text{VI: "Dùng TLS", EN: "TLS"},
			Help:  check.Text{VI: "Bắt đầu TLS ngay sau khi kết nối.", EN: "Whether to begin TLS once connected."},
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
		{
			Name: "min_days_left", Type: check.TypeInteger, Max: 3650,
			Label: check.Text{VI: "Số ngày còn hạn tối thiểu", EN: "Days left at least"},
			Help:  check.Text{VI: "Báo khi chứng chỉ còn hạn ít hơn bấy nhiêu ngày; 0 là không xét.", EN: "The certificate must be good for so many days more; 0 does not look."},
		},
	}
}
