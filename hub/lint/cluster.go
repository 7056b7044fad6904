package lint

import (
	"net/url"
	"slices"
	"strings"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
)

// clusterChecks are about the cluster as a whole.
func clusterChecks() []Check {
	return []Check{
		{ID: "cluster-nobody", Severity: Error, run: clusterNobody,
			Finds: Text{"no owner or administrator who can be told of what is wrong with Kẻng itself", "không có chủ sở hữu hay quản trị viên nào có thể nhận báo động về chính Kẻng"},
			Mend:  Text{"Give somebody who is not blocked and has a contact the role Owner or Admin.", "Hãy cấp vai trò Owner hoặc Admin cho một người không bị khóa và có liên hệ."}},
		{ID: "default-team-missing", Severity: Warning, run: defaultTeamMissing,
			Finds: Text{"no default team, though there are agents: alerts of agents that name no team reach nobody", "chưa có nhóm mặc định dù đã có agent: cảnh báo của agent không nêu nhóm sẽ không đến được ai"},
			Mend:  Text{"Say which team it is: `default_team` when the cluster is founded, or let every check name a team.", "Hãy chọn nhóm mặc định, hoặc để mọi phép kiểm tra đều nêu tên nhóm."}},
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

func defaultTeamMissing(w *world, found func(About, Text)) {
	agents := 0
	for p := range state.Peers.All(w) {
		if p.Kind == "agent" && !p.Revoked {
			agents++
		}
	}
	if row, ok := state.GetCluster(w); ok && row.DefaultTeam == "" && agents > 0 {
		found(w.whole(), say("There are %d agents and no default team: what an agent reports without naming a team reaches nobody.", "Có %d agent mà chưa có nhóm mặc định: những gì agent báo mà không nêu nhóm sẽ không đến được ai.", agents))
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
