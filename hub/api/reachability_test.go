package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keng/hub/state"
)

// A code is told to the person and to nobody else; said rightly it verifies the contact. Rules
// keng-8.reachability.verify, keng-8.reachability.code-tries, keng-8.reachability.code-often.
func TestContactIsVerified(t *testing.T) {
	h := planned(t)
	const an = "/keng/v1/users/an@example.vn"
	id := h.made("/v2/users/an@example.vn/contacts", `{"method":"sms","to":"84-901234567"}`)
	path := an + "/contacts/" + id + "/verification"
	h.want(h.call("POST", path+"/confirm", `{"code":"123456"}`), 409)
	sent := h.want(h.call("POST", path, ""), 201)
	if sent.data("contactId") != id || sent.data("method") != "sms" || !strings.HasPrefix(fmt.Sprint(sent.data("expires")), "2026-11-23T02:10:") {
		t.Errorf("%s", sent.raw)
	}
	var code string
	for d := range state.NoticesOf(h.store.tx, "") {
		code = d.Notice.Code
	}
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		t.Fatalf("the code is %q", code)
	}
	for p := range state.Proofs.All(h.store.tx) {
		if strings.Contains(fmt.Sprintf("%+v %s", *p.Code, p.Code.Hash), code) {
			t.Errorf("the contact's row has the code: %+v", *p.Code)
		}
	}
	for _, target := range []string{"/keng/v1/notices", an + "/reachability", "/keng/v1/reachability", "/v2/users/an@example.vn/contacts", "/v2/users/an@example.vn/contacts/" + id} {
		if a := h.want(h.call("GET", target, ""), 200); strings.Contains(a.raw, code) {
			t.Errorf("GET %s tells the code: %s", target, a.raw)
		}
	}
	if strings.Contains(sent.raw, code) {
		t.Errorf("the answer tells the code: %s", sent.raw)
	}
	if again := h.want(h.call("POST", path, ""), 409); !strings.Contains(again.raw, "Ask again in ") {
		t.Errorf("%s", again.raw)
	}
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	if a := h.want(h.call("POST", path+"/confirm", `{"code":"`+wrong+`"}`), 422); a.wrong("code") != "is wrong: 4 tries are left" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("POST", path+"/confirm", `{}`), 422)
	h.want(h.call("POST", path+"/confirm", `{"code":"`+code+`"}`), 200)
	h.want(h.call("POST", path+"/confirm", `{"code":"`+code+`"}`), 409)
	h.want(h.call("POST", an+"/contacts/nothing/verification", ""), 404)
	h.want(h.call("POST", "/keng/v1/users/nobody/contacts/"+id+"/verification", ""), 404)

	r := h.want(h.call("GET", an+"/reachability", ""), 200)
	marks := r.data("contacts").([]any)
	sms := marks[len(marks)-1].(map[string]any)
	if r.data("standing") != "proven" || sms["grade"] != "proven" || sms["verified"] != true || !strings.HasSuffix(fmt.Sprint(sms["lastProof"]), " how:answered]") {
		t.Errorf("%s", r.raw)
	}
}

// How well people can be reached is told page by page, each person once. Rule keng-8.reachability.pages.
func TestReachabilityPages(t *testing.T) {
	h := planned(t)
	var all, paged []string
	for _, p := range h.want(h.call("GET", "/keng/v1/reachability", ""), 200).list() {
		all = append(all, p["user"].(map[string]any)["id"].(string))
	}
	after := ""
	for {
		a := h.want(h.call("GET", "/keng/v1/reachability?limit=2&after="+after, ""), 200)
		list := a.list()
		if len(list) > 2 {
			t.Fatalf("%d people are one page", len(list))
		}
		for _, p := range list {
			after = p["user"].(map[string]any)["id"].(string)
			paged = append(paged, after)
		}
		if next, _ := a.body["paging"].(map[string]any)["next"].(string); next == "" {
			break
		} else if !strings.Contains(next, "after="+after) {
			t.Fatalf("the next page is %s", next)
		}
	}
	if len(all) < 3 || !slices.IsSorted(all) || !slices.Equal(paged, all) {
		t.Errorf("pages have %v, all are %v", paged, all)
	}
	users := 0
	for range state.Users.All(h.store.tx) {
		users++
	}
	if users != len(all) {
		t.Errorf("%d of %d people", len(all), users)
	}
}

// The daily test of a person. Rules keng-8.reachability.canary, keng-8.reachability.canary-days.
func TestCanary(t *testing.T) {
	h := planned(t)
	const path = "/keng/v1/users/an@example.vn/canary"
	set := h.want(h.call("PUT", path, `{"by":"email","hour":9,"days":["friday","monday"]}`), 200)
	next, err := time.Parse(time.RFC3339, fmt.Sprint(set.data("nextAt")))
	if err != nil || next.UTC().Hour() != 9 || next.UTC().Minute() > 10 || set.data("by") != "email" || fmt.Sprint(set.data("days")) != "[monday friday]" {
		t.Errorf("%v: %s", err, set.raw)
	}
	if got := h.want(h.call("GET", "/keng/v1/users/an@example.vn/reachability", ""), 200).data("canary"); fmt.Sprint(got) != fmt.Sprint(set.body["data"]) {
		t.Errorf("%v", got)
	}
	for body, field := range map[string]string{
		`{"by":"email"}`: "hour", `{"by":"email","hour":24}`: "hour", `{"hour":9}`: "by", `{"by":"voice","hour":9}`: "by", `{"by":"nothing","hour":9}`: "by",
		`{"by":"sms","hour":9}`: "by", `{"by":"email","hour":9,"days":["payday"]}`: "days",
	} {
		if a := h.want(h.call("PUT", path, body), 422); a.wrong(field) == "" {
			t.Errorf("%s: %s", body, a.raw)
		}
	}
	h.want(h.call("DELETE", path, ""), 200)
	if got := h.want(h.call("GET", "/keng/v1/users/an@example.vn/reachability", ""), 200).data("canary"); got != nil {
		t.Errorf("%v", got)
	}
}
