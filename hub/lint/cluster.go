package lint

import (
	"iter"
	"net/url"
	"slices"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/core/reach"
	"keng/hub/state"
)

// clusterChecks are about the cluster as a whole.
func clusterChecks() []Check {
	return []Check{
		{ID: "cluster-nobody", Severity: Error, run: clusterNobody,
			Finds: Text{"no owner or administrator who can be told of what is wrong with Kẻng itself", "không có chủ sở hữu hay quản trị viên nào có thể nhận báo động về chính Kẻng"},
			Mend:  Text{"Give somebody who is not blocked and has a contact the role Owner or Admin.", "Hãy cấp vai trò Owner hoặc Admin cho một người không bị khóa và có liên hệ."}},
		{ID: "gateway-missing", Severity: Error, run: gatewayMissing,
			Finds: Text{"people to be called, texted or reached by the app, and no gateway that could do so", "có người cần gọi điện, nhắn SMS hoặc báo qua ứng dụng mà không có gateway nào làm được"},
			Mend:  Text{"Let a gateway join: keng-gateway join, or keng-hub serve --gateway-config.", "Hãy kết nối một gateway: keng-gateway join, hoặc keng-hub serve --gateway-config."}},
		{ID: "checks-for-nobody", Severity: Warning, run: checksForNobody,
			Finds: Text{"a list of checks for which no agent has the labels, so that nothing is checked by it", "danh sách phép kiểm tra mà không agent nào có nhãn khớp, nên không có gì được kiểm tra"},
			Mend:  Text{"Correct the labels of the list, or let an agent join with a token of these labels.", "Hãy sửa nhãn của danh sách, hoặc kết nối một agent bằng token có các nhãn đó."}},
		{ID: "agent-checks-old", Severity: Warning, run: agentChecksOld,
			Finds: Text{"an agent that does not use the newest checks, as it cannot", "agent không dùng được các phép kiểm tra mới nhất"},
			Mend:  Text{"Correct the check that it complains of: keng-hub checks list shows them.", "Hãy sửa phép kiểm tra mà agent báo lỗi: keng-hub checks list liệt kê chúng."}},
		{ID: "agents-nobody", Severity: Error, run: agentsNobody,
			Finds: Text{"agents of which nobody is told when they fall silent, as there is neither one team nor a last resort", "agent im lặng mà không ai được báo, vì không có nhóm duy nhất lẫn người được gọi cuối cùng"},
			Mend:  Text{"Name a team that answers for them, keng-hub default-team set NAME, or a last resort, keng-hub catch-all set team:NAME.", "Hãy chọn nhóm mặc định, keng-hub default-team set TÊN, hoặc đặt người được gọi cuối cùng, keng-hub catch-all set team:TÊN."}},
		{ID: "catch-all-missing", Severity: Warning, run: catchAllMissing,
			Finds: Text{"no last resort, who is called when all that was configured has been done", "chưa đặt người được gọi cuối cùng, sau khi mọi bước đã cấu hình đều đã thực hiện"},
			Mend:  Text{"Name one: keng-hub catch-all set team:NAME.", "Hãy đặt: keng-hub catch-all set team:TÊN."}},
		{ID: "catch-all-nobody", Severity: Error, run: catchAllNobody,
			Finds: Text{"a last resort that leads to nobody who can be told", "người được gọi cuối cùng không dẫn đến ai có thể nhận thông báo"},
			Mend:  Text{"Name somebody who can be told: keng-hub catch-all set user:NAME.", "Hãy đặt người có thể nhận thông báo: keng-hub catch-all set user:TÊN."}},
		{ID: "public-url-missing", Severity: Hint, run: publicURLMissing,
			Finds: Text{"a hub to which nobody has said how it is reached", "hub chưa được khai báo địa chỉ công khai"},
			Mend:  Text{"Start the hubs with --public-url https://keng-api.example.vn, the address by which people reach them.", "Hãy khởi động các hub với --public-url https://keng-api.example.vn, là địa chỉ mà mọi người dùng để truy cập."}},
		{ID: "public-url-go-clients", Severity: Warning, run: publicURLGoClients,
			Finds: Text{"a public host name by which Opsgenie's Go client chooses the wrong one of http and https: it takes https if and only if the name contains \"api\"", "tên máy công khai khiến thư viện Go của Opsgenie chọn sai giữa http và https: nó chỉ dùng https khi tên có chữ \"api\""},
			Mend:  Text{"With https use a host name with \"api\" in it, such as keng-api.example.vn; with http one without.", "Với https, hãy dùng tên máy có chữ \"api\", ví dụ keng-api.example.vn; với http thì ngược lại."}},
	}
}

// whole is the cluster as a thing.
func (w *world) whole() About {
	row, _ := state.GetCluster(w)
	if row == nil {
		return About{Kind: "cluster"}
	}
	return About{Kind: "cluster", Name: row.Name}
}

// userID is the id of a responder who is a person.
func userID(r alert.Responder) core.UserID { return core.UserID(r.ID) }

func clusterNobody(w *world, found func(About, Text)) {
	if !slices.ContainsFunc(state.Administrators(w), func(r alert.Responder) bool { return len(w.reaches(r)) > 0 }) {
		found(w.whole(), Text{"No owner or administrator can be told: alerts about Kẻng itself reach nobody.", "Không chủ sở hữu hay quản trị viên nào nhận được thông báo: báo động về chính Kẻng không đến được ai."})
	}
}

// gatewayMissing is told once, and not of each person. Mail the hub sends by itself.
func gatewayMissing(w *world, found func(About, Text)) {
	if state.KnowsGateways(w) {
		return
	}
	people := 0
	w.eachOnDuty(func(u *reach.User, _ Text) {
		if slices.ContainsFunc(u.Contacts, func(c reach.Contact) bool { return c.Usable() && loud(&c) }) {
			people++
		}
	})
	if people > 0 {
		found(w.whole(), say("No gateway has joined: %d people can neither be called nor texted nor reached by the app.", "Chưa có gateway nào kết nối: không thể gọi điện, nhắn SMS hay báo qua ứng dụng cho %d người.", people))
	}
}

// agents are those that have joined and are not revoked.
func (w *world) agents() iter.Seq[*state.Peer] {
	return func(yield func(*state.Peer) bool) {
		for p := range state.Peers.All(w) {
			if p.Kind == "agent" && !p.Revoked && !yield(p) {
				return
			}
		}
	}
}

func checksForNobody(w *world, found func(About, Text)) {
	var labels []map[string]string
	for p := range w.agents() {
		labels = append(labels, state.AgentLabels(p))
	}
	for l := range state.CheckLists.All(w) {
		if len(l.Checks) > 0 && !slices.ContainsFunc(labels, l.Chooses) {
			found(About{"checks", l.Name, l.Name}, say("No agent has the labels of the list: its %d checks are made by nobody.", "Không agent nào có nhãn của danh sách này: %d phép kiểm tra của nó không được thực hiện.", len(l.Checks)))
		}
	}
}

func agentChecksOld(w *world, found func(About, Text)) {
	for p := range w.agents() {
		if p.ChecksProblem != "" {
			found(About{"agent", p.ID, p.Name}, say("The agent does not use the newest checks: %s.", "Agent không dùng các phép kiểm tra mới nhất: %s.", strings.TrimRight(p.ChecksProblem, ".")))
		}
	}
}

// agentsNobody is about what concerns agents themselves: it goes to the cluster's default team, else to
// the only team there is.
func agentsNobody(w *world, found func(About, Text)) {
	row, ok := state.GetCluster(w)
	if _, caught := state.CatchAllOf(w); caught || len(w.teams.all) == 1 || ok && row.DefaultTeam != "" {
		return
	}
	for p := range w.agents() {
		found(w.whole(), say("There are agents, such as %s, but neither one team that answers for them nor a last resort: when one falls silent nobody is told.", "Đã có agent, ví dụ %s, nhưng không có nhóm duy nhất lẫn người được gọi cuối cùng: khi agent im lặng thì không ai được báo.", p.Name))
		return
	}
}

func catchAllMissing(w *world, found func(About, Text)) {
	if _, ok := state.CatchAllOf(w); !ok && len(w.users.all) > 0 {
		found(w.whole(), Text{"There is no last resort: when an escalation is through and nobody has answered, nothing more happens.", "Chưa có người được gọi cuối cùng: khi leo thang hết các bước mà không ai trả lời thì không có gì xảy ra nữa."})
	}
}

func catchAllNobody(w *world, found func(About, Text)) {
	if row, ok := state.CatchAllOf(w); ok && len(w.reaches(row.To)) == 0 {
		found(w.whole(), say("The last resort is %s, which leads to nobody who can be told.", "Người được gọi cuối cùng là %s, nhưng không dẫn đến ai có thể nhận thông báo.", w.called(row.To)))
	}
}

func publicURLMissing(w *world, found func(About, Text)) {
	if w.facts.PublicURL == "" {
		found(w.whole(), Text{"Nobody has said how the hub is reached: links in mails and texts lead to the address of a single node, or there are none.", "Chưa ai khai báo cách truy cập hub: liên kết trong email và SMS dẫn đến địa chỉ của một nút, hoặc không có liên kết."})
	}
}

func publicURLGoClients(w *world, found func(About, Text)) {
	u, err := url.Parse(w.facts.PublicURL)
	if err != nil || u.Host == "" {
		return
	}
	secure, named := u.Scheme == "https", strings.Contains(u.Host, "api")
	switch {
	case secure && !named:
		found(w.whole(), say("The host name %s has no \"api\" in it: tools built on Opsgenie's Go client speak plain http to it, with their keys in the clear or not at all.", "Tên máy %s không có chữ \"api\": công cụ dùng thư viện Go của Opsgenie sẽ kết nối bằng http không mã hóa, hoặc không kết nối được.", u.Host))
	case !secure && named:
		found(w.whole(), say("The host name %s has \"api\" in it and is reached by http: tools built on Opsgenie's Go client speak https to it, and fail.", "Tên máy %s có chữ \"api\" mà dùng http: công cụ dùng thư viện Go của Opsgenie sẽ kết nối bằng https và thất bại.", u.Host))
	}
}
