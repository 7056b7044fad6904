package icmp

import (
	"time"

	"keng/agent/check"
)

// The bounds of a run.
const (
	countMax = 20
	waitMax  = time.Minute
	// interval is from one echo request to the next.
	interval = 200 * time.Millisecond
)

// Describe implements [check.Kind].
func (Kind) Describe() check.Description {
	return check.Description{
		Name:  "icmp",
		Label: check.Text{VI: "Ping (ICMP)", EN: "Echo (ICMP ping)"},
		Help: check.Text{
			VI: "Gửi yêu cầu echo tới một máy và xét tỷ lệ mất gói và độ trễ.",
			EN: "Asks a host for echoes and judges how many are lost, and how long they take.",
		},
		Target:  check.Text{VI: "Tên hoặc địa chỉ máy, không kèm cổng", EN: "Name or address of the host, without a port"},
		Example: "192.0.2.1",
		Fields: []check.Field{
			{
				Name: "count", Type: check.TypeInteger, Default: int64(3), Min: 1, Max: countMax,
				Label: check.Text{VI: "Số gói gửi", EN: "Requests"},
				Help:  check.Text{VI: "Mỗi lần gửi bấy nhiêu yêu cầu.", EN: "How many echo requests a run sends, a fifth of a second apart."},
			},
			{
				Name: "lost", Type: check.TypeText, Default: "100%", Max: 8,
				Label: check.Text{VI: "Tỷ lệ mất gói", EN: "Lost"},
				Help:  check.Text{VI: "Báo khi mất từ bấy nhiêu phần trăm trở lên.", EN: "The check is down when at least this share of the requests is not answered."},
			},
			{
				Name: "latency_above", Type: check.TypeText, Max: 16,
				Label: check.Text{VI: "Độ trễ tối đa", EN: "Latency above"},
				Help:  check.Text{VI: "Báo khi độ trễ trung bình lớn hơn mức này, ví dụ 200ms; để trống là không xét.", EN: "The check is down when the average answer takes longer, such as 200ms; left out: any latency will do."},
			},
			{
				Name: "wait", Type: check.TypeText, Default: "2s", Max: 16,
				Label: check.Text{VI: "Thời gian chờ mỗi gói", EN: "Wait"},
				Help:  check.Text{VI: "Gói nào không có lời đáp trong thời gian này thì coi là mất.", EN: "A request that is not answered within this time is lost."},
			},
			{
				Name: "ip_version", Type: check.TypeChoice, Default: "any", Choices: []string{"any", "4", "6"},
				Label: check.Text{VI: "Phiên bản IP", EN: "IP version"},
				Help:  check.Text{VI: "Chỉ dùng IPv4 (4), chỉ IPv6 (6), hoặc theo tên miền (any).", EN: "IPv4 alone (4), IPv6 alone (6), or what the name resolves to first (any)."},
			},
		},
	}
}
