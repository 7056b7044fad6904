package main

import (
	"testing"

	"keng/hub/client"
)

// Why people were paged is told by a command, in both languages.
func TestExplain(t *testing.T) {
	h, _ := rota(t)
	h.want(1, "explain web", `no alert|does not exist|not.*found`)
	c, err := client.New(h.url, workKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateAlert(t.Context(), client.NewAlert{Message: "the web is down", Alias: "web", Responders: []client.Responder{{Type: "schedule", Name: "it-rota"}}}); err != nil {
		t.Fatal(err)
	}
	h.want(0, "explain web", `(?s)Nobody takes care of the alert yet.*@example\.vn was paged once\.\n- .* UTC: email to .*, on call in schedule it-rota`)
	h.want(0, "explain #1 --language vi --timezone Asia/Ho_Chi_Minh", `(?s)Chưa ai nhận xử lý.*\+07: thư điện tử cho .*, đang trực trong lịch it-rota`)
	var told client.Explanation
	h.json("explain 1 --json", &told)
	if told.TinyID != "1" || told.PageCount != 1 || len(told.People) != 1 || !told.People[0].Paged || told.People[0].Pages[0].Why.Schedule.Name != "it-rota" {
		t.Errorf("told as JSON it is %+v", told)
	}
	h.want(0, "explain "+told.AlertID, `email to`)
	h.want(2, "explain web --language fr", `must be one of`)
	h.want(1, "explain web --timezone Mars/Olympus", `time zone`)
}
