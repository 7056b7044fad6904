package incident_test

import (
	"fmt"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/incident"
)

// A night in the life of an incident, and what whoever keeps it has to do.
func Example() {
	at := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	i, o := incident.New(incident.Draft{Message: "Mất mạng toàn chi nhánh", User: "lan", Responders: []alert.Responder{{Kind: alert.User, ID: "an"}}}, "1", 1, at)
	fmt.Println(o.Entry.TextVi(), o.Then == incident.ThenCall, len(i.Uncalled()))

	o = i.Call(alert.By{At: at}, incident.Call{Responder: i.Responders[0], Alert: "a"}, "#7", "an")
	fmt.Println(o.Entry.TextVi())
	o = i.Hear(alert.By{User: "an", At: at.Add(time.Minute)}, incident.DidAnswer, alert.AsAsked, "a", "#7", "an")
	fmt.Println(o.Entry.TextVi(), i.Owner)

	o = i.Resolve(alert.By{User: "an", At: at.Add(time.Hour), Note: "đã thay nguồn"})
	fmt.Println(o.Entry.TextVi(), o.Then == incident.ThenEnd, i.Status)
	o = i.Reopen(alert.By{User: "lan", At: at.Add(2 * time.Hour)})
	fmt.Println(o.Entry.TextVi(), o.Then == incident.ThenCall, len(i.Uncalled()))
	fmt.Println(i.Reopen(alert.By{User: "lan", At: at.Add(2 * time.Hour)}).Reason)
	// Output:
	// Đã tạo sự cố true 1
	// Đã mở cảnh báo #7 cho an
	// Cảnh báo #7 cho an đã được xác nhận an
	// Đã khắc phục sự cố: đã thay nguồn true resolved
	// Đã mở lại sự cố true 1
	// Incident is already open
}
