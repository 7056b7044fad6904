package lint

import (
	"time"

	"keng/hub/core/rota"
	"keng/hub/core/route"
)

// longDelay is how long notifications may wait without anybody being asked whether that is meant:
// who wants quiet until the morning waits less.
const longDelay = 24 * time.Hour

// policyChecks are about what policies do to alerts.
func policyChecks() []Check {
	return []Check{
		{ID: "policy-suppresses-all", Severity: Error, run: policySuppressesAll,
			Finds: Text{"a notification policy that suppresses everything at every hour", "chính sách thông báo chặn mọi thông báo vào mọi lúc"},
			Mend:  Text{"Give the policy conditions or hours, or disable it; for planned work use maintenance, which ends by itself.", "Hãy thêm điều kiện hoặc khung giờ cho chính sách, hoặc tắt nó; khi có việc đã lên kế hoạch, hãy dùng bảo trì vì bảo trì tự kết thúc."}},
		{ID: "policy-closes-first", Severity: Error, run: policyClosesFirst,
			Finds: Text{"a notification policy that closes alerts before it notifies of them", "chính sách thông báo đóng cảnh báo trước khi báo"},
			Mend:  Text{"Let it close later, or delay less.", "Hãy để nó đóng muộn hơn, hoặc trì hoãn ngắn hơn."}},
		{ID: "policy-delay-long", Severity: Warning, run: policyDelayLong,
			Finds: Text{"a notification policy that delays everything for a day or longer", "chính sách thông báo trì hoãn mọi thứ từ một ngày trở lên"},
			Mend:  Text{"Delay less, or give the policy conditions, such as a priority less than P2.", "Hãy trì hoãn ngắn hơn, hoặc thêm điều kiện, ví dụ mức ưu tiên thấp hơn P2."}},
		{ID: "policy-first-silent", Severity: Warning, run: policyFirstSilent,
			Finds: Text{"a notification policy by which nobody is told of anything before it occurs again", "chính sách thông báo chỉ báo khi sự việc lặp lại, cho mọi cảnh báo"},
			Mend:  Text{"Give the policy conditions, so that what occurs once and is grave is told at once.", "Hãy thêm điều kiện, để việc nghiêm trọng xảy ra một lần cũng được báo ngay."}},
		{ID: "policy-takes-responders", Severity: Error, run: policyTakesResponders,
			Finds: Text{"an alert policy that takes all alerts away from their responders and gives them to nobody", "chính sách cảnh báo bỏ hết người phụ trách của mọi cảnh báo mà không thêm ai"},
			Mend:  Text{"Add responders to the policy, or let it keep those of the alert.", "Hãy thêm người phụ trách vào chính sách, hoặc giữ lại người phụ trách của cảnh báo."}},
	}
}

// eachUnbounded calls a function with the enabled notification policies that decide about all alerts
// at every hour.
func (w *world) eachUnbounded(do func(About, *route.NotificationPolicy)) {
	for _, p := range w.policies {
		if n := p.Notification; n != nil && !n.Disabled && w.unbounded(&n.Filter, n.Restriction, n.Zone) {
			do(policy(p), n)
		}
	}
}

// unbounded reports whether a policy is for all alerts at every hour.
func (w *world) unbounded(filter *route.Criteria, hours *rota.Restriction, zone string) bool {
	return everything(filter) && always(hours) && !w.unread(&rule{line: line{restriction: hours, zone: zone}})
}

func policySuppressesAll(w *world, found func(About, Text)) {
	w.eachUnbounded(func(about About, n *route.NotificationPolicy) {
		if n.Suppress {
			found(about, say("The policy suppresses all notifications of team %s, for ever.", "Chính sách này chặn mọi thông báo của nhóm %s, vô thời hạn.", w.called(asTeam(n.Team))))
		}
	})
}

func policyClosesFirst(w *world, found func(About, Text)) {
	for _, p := range w.policies {
		n := p.Notification
		if n == nil || n.Disabled || n.Suppress || n.CloseAfter == 0 || n.Delay == nil || n.Delay.Option != route.ForDuration || n.CloseAfter > n.Delay.For {
			continue
		}
		found(policy(p), say("The policy delays notifications for %s and closes alerts after %s: nobody is ever told.", "Chính sách này trì hoãn thông báo %s và đóng cảnh báo sau %s: không ai được báo.", length(n.Delay.For), length(n.CloseAfter)))
	}
}

func policyDelayLong(w *world, found func(About, Text)) {
	w.eachUnbounded(func(about About, n *route.NotificationPolicy) {
		if n.Delay != nil && n.Delay.Option == route.ForDuration && n.Delay.For >= longDelay && !n.Suppress {
			found(about, say("The policy delays all notifications of team %s for %s.", "Chính sách này trì hoãn mọi thông báo của nhóm %s trong %s.", w.called(asTeam(n.Team)), length(n.Delay.For)))
		}
	})
}

func policyFirstSilent(w *world, found func(About, Text)) {
	w.eachUnbounded(func(about About, n *route.NotificationPolicy) {
		if n.Repeated != nil && !n.Suppress {
			found(about, say("By the policy nobody of team %s is told of anything before it has occurred %d times.", "Theo chính sách này, nhóm %s chỉ được báo khi sự việc xảy ra đủ %d lần.", w.called(asTeam(n.Team)), n.Repeated.Count))
		}
	})
}

func policyTakesResponders(w *world, found func(About, Text)) {
	for _, p := range w.policies {
		if a := p.Alert; a != nil && !a.Disabled && a.Fields.IgnoreResponders && len(a.Fields.Responders) == 0 && w.unbounded(&a.Filter, a.Restriction, a.Zone) {
			found(policy(p), Text{"The policy takes all alerts away from their responders: nobody is told.", "Chính sách này bỏ hết người phụ trách của mọi cảnh báo: không ai được báo."})
		}
	}
}
