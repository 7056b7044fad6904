package engine_test

import (
	"testing"
	"time"

	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/state"
	"keng/proto/channel"
)

// What others do to an alert, and that a contact is dead, in the words of both.
func TestHearsayInBothLanguages(t *testing.T) {
	play(t, func(w *world) {
		person := func(name, language string) reach.User {
			rules := []reach.NotificationRule{{Action: reach.CreateAlert, Steps: []reach.Step{{Contact: "push"}}}}
			for _, action := range []reach.Action{reach.AcknowledgedAlert, reach.ClosedAlert, reach.AddNote} {
				rules = append(rules, reach.NotificationRule{Action: action, Steps: []reach.Step{{Contact: "email"}}})
			}
			return do(w, state.PutUser{User: reach.User{
				Username: name, FullName: name, Language: language, Zone: "Asia/Ho_Chi_Minh", Rules: rules,
				Contacts: []reach.Contact{{Kind: "push", Address: "push-" + name, Given: "Galaxy of " + name}, {Kind: "email", Address: "mail-" + name}},
			}})
		}
		an, binh := person("An", "vi"), person("Binh", "en")
		do(w, state.CreateAlert{Draft: alert.Draft{Message: "Wi-Fi is down", Alias: "x", Responders: []alert.Responder{
			{Kind: alert.User, ID: string(an.ID)}, {Kind: alert.User, ID: string(binh.ID)}}}})
		w.start()
		w.wait(time.Second)
		for _, p := range w.carrier.pages {
			w.report(p.ID, 1, channel.Done)
		}
		w.told = len(w.carrier.pages)

		asked := func(note string) state.Asked {
			return state.Asked{Alert: state.Ref{Alias: "x"}, User: "Carl", Note: note}
		}
		do(w, state.AddNote{Asked: asked("the switch")})
		do(w, state.AcknowledgeAlert(asked("")))
		do(w, state.CloseAlert{Alert: state.Ref{Alias: "x"}, Source: state.System})
		w.wait(time.Second)
		w.saysAll("what others did",
			"email mail-An: Carl đã ghi chú vào cảnh báo #1 | Wi-Fi is down | Ghi chú: the switch", "email mail-Binh: Carl has added a note to alert #1 | Wi-Fi is down | Note: the switch",
			"email mail-An: Carl đã xác nhận cảnh báo #1 | Wi-Fi is down", "email mail-Binh: Carl has acknowledged alert #1 | Wi-Fi is down",
			"email mail-An: Kẻng đã đóng cảnh báo #1 | Wi-Fi is down", "email mail-Binh: Kẻng has closed alert #1 | Wi-Fi is down")

		do(w, state.CreateAlert{Draft: alert.Draft{Message: "again", Alias: "y", Responders: []alert.Responder{
			{Kind: alert.User, ID: string(an.ID)}, {Kind: alert.User, ID: string(binh.ID)}}}})
		w.wait(61 * time.Second) // what comes so soon after the first is held
		w.told = len(w.carrier.pages)
		for _, p := range w.carrier.pages {
			if p.Kind == channel.Push && p.Title == "again" {
				do(w, state.TakeReports{Reports: []channel.Report{{Page: p.ID, At: w.store.Now(), Stage: channel.Failed, Failure: channel.DeadContact, Number: 2}}})
			}
		}
		w.wait(time.Second)
		w.saysAll("a device that is gone",
			"email mail-An: Kẻng không còn báo cho bạn được qua ứng dụng trên điện thoại | Địa chỉ: Galaxy of An | Nhà cung cấp cho biết địa chỉ này không dùng được nữa. Hãy đăng ký lại hoặc thêm địa chỉ khác; trong lúc đó bạn vẫn được báo qua các địa chỉ còn lại.",
			"email mail-Binh: Kẻng cannot reach you by the app on your phone any more | Address: Galaxy of Binh | The provider says that this address will never work again. Register it anew, or add another one; until then you are told by your other contacts.")
	})
}
