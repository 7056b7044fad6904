package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/core/alert"
)

// part is a part of a form: a file, if it has a file name.
type part struct{ name, file, content string }

// form returns a body and its content type.
func form(parts ...part) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		header := textproto.MIMEHeader{"Content-Disposition": {mime.FormatMediaType("form-data", map[string]string{"name": p.name})}}
		if p.file != "" {
			header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, p.name, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.file)))
			header.Set("Content-Type", "text/html") // not believed
		}
		io.WriteString(must(w.CreatePart(header)), p.content)
	}
	w.Close()
	return b.String(), w.FormDataContentType()
}

// attach posts a form, and returns the answer.
func (h *hub) attach(target string, parts ...part) answer {
	h.t.Helper()
	body, contentType := form(parts...)
	return h.send(newRequest("POST", target, body, "Content-Type", contentType))
}

// attached attaches a file to an alert, and returns its id.
func (h *hub) attached(id, name, content string) string {
	h.t.Helper()
	return h.want(h.attach("/v2/alerts/"+id+"/attachments", part{"file", name, content}), 201).data("id").(string)
}

// linkTo returns the path of the link to an attachment.
func (h *hub) linkTo(id, attachment string) string {
	h.t.Helper()
	link := h.want(h.call("GET", "/v2/alerts/"+id+"/attachments/"+attachment, ""), 200).data("url").(string)
	u := must(url.Parse(link))
	return u.Path
}

// A file is attached, listed, linked to, read and deleted; by alias and short number too.
// Rules ogapi-2.attach.object, ogapi-9.client.numeric-id, keng-7.attach.link.
func TestAttachments(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m","alias":"web"}`)
	a := h.want(h.attach("/v2/alerts/web/attachments?alertIdentifierType=alias", part{"user", "", "lan@example.vn"}, part{"file", "../../ảnh.txt", "what was on the screen"}, part{"indexFile", "", ""}), 201)
	if a.body["result"] != "Created" {
		t.Errorf("%s", a.raw)
	}
	one := a.data("id").(string)
	other := h.attached(id, "b.bin", "\x00\x01")
	list := h.want(h.call("GET", "/v2/alerts/1/attachments?identifierType=tiny", ""), 200).list()
	if len(list) != 2 || list[0]["name"] != "ảnh.txt" || list[1]["name"] != "b.bin" || strconv.FormatFloat(list[0]["id"].(float64), 'f', -1, 64) != one {
		t.Errorf("listed: %v", list)
	}
	got := h.want(h.with("", "GET", h.linkTo(id, one), ""), 200)
	if got.raw != "what was on the screen" {
		t.Errorf("read: %q", got.raw)
	}
	log := h.call("GET", "/v2/alerts/"+id+"/logs", "").raw
	for _, line := range []string{`"log":"File attached: ảnh.txt","type":"alertAction","owner":"lan@example.vn"`, `"log":"File attached: b.bin","type":"alertAction","owner":"203.0.113.7"`} {
		if !strings.Contains(log, line) {
			t.Errorf("no %s in %s", line, log)
		}
	}
	link := h.linkTo(id, one)
	if a := h.want(h.call("DELETE", "/v2/alerts/"+id+"/attachments/"+one+"?user=binh", ""), 200); a.body["result"] != "Deleted" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.call("DELETE", "/v2/alerts/"+id+"/attachments/"+one, ""), 404)
	h.want(h.call("GET", "/v2/alerts/"+id+"/attachments/"+one, ""), 404)
	h.want(h.with("", "GET", link, ""), 404)
	if list := h.call("GET", "/v2/alerts/"+id+"/attachments", "").list(); len(list) != 1 || fmt.Sprint(list[0]["id"]) != other {
		t.Errorf("after one was deleted: %v", list)
	}
	if log := h.call("GET", "/v2/alerts/"+id+"/logs", "").raw; !strings.Contains(log, `"log":"Attached file deleted: ảnh.txt","type":"alertAction","owner":"binh"`) {
		t.Errorf("%s", log)
	}
}

// What there is not is 404 at once, and nothing is kept for it. Rule keng-2.attach.missing-alert.
func TestAttachmentsOfNothing(t *testing.T) {
	h := newHub(t)
	id, other := h.create(`{"message":"m"}`), h.create(`{"message":"n"}`)
	x := h.attached(id, "a.txt", "a")
	for _, target := range []string{"/v2/alerts/none/attachments", "/v2/alerts/" + id + "/attachments?alertIdentifierType=tiny"} {
		h.want(h.attach(target, part{"file", "b.txt", "b"}), 404)
		h.want(h.call("GET", target, ""), 404)
	}
	for _, name := range []string{"0", "-1", "99", "x", "1e1", "18446744073709551616", "%00"} {
		h.want(h.call("GET", "/v2/alerts/"+id+"/attachments/"+name, ""), 404)
		h.want(h.call("DELETE", "/v2/alerts/"+id+"/attachments/"+name, ""), 404)
	}
	h.want(h.call("GET", "/v2/alerts/"+other+"/attachments/"+x, ""), 404)
	h.want(h.call("DELETE", "/v2/alerts/"+other+"/attachments/"+x, ""), 404)
	if len(h.blobs.kept) != 1 {
		t.Errorf("%d files are kept", len(h.blobs.kept))
	}
	h.want(h.call("GET", "/v2/alerts/"+id+"/attachments?alertIdentifierType=name", ""), 422)
	h.want(h.attach("/v2/alerts/"+id+"/attachments?alertIdentifierType=name", part{"file", "b.txt", "b"}), 422)
}

// Forms that are none, or lack what they need, are refused. Rule keng-7.attach.form.
func TestAttachmentForms(t *testing.T) {
	h := newHub(t)
	h.lenient = true
	id := h.create(`{"message":"m"}`)
	at := "/v2/alerts/" + id + "/attachments"
	post := func(body, contentType string) answer {
		return h.send(newRequest("POST", at, body, "Content-Type", contentType))
	}
	good, contentType := form(part{"file", "a.txt", "abc"})
	for what, a := range map[string]answer{
		"no form":      post(`{"file":"x"}`, "application/json"),
		"nothing":      post("", ""),
		"no boundary":  post(good, "multipart/form-data"),
		"another one":  post(good, "multipart/form-data; boundary=x"),
		"no end":       post(good[:len(good)-8], contentType),
		"empty":        post("", contentType),
		"no head":      post(strings.Replace(good, "Content-Disposition", "\x00", 1), contentType),
		"endless head": post(strings.Replace(good, "Content-Disposition", strings.Repeat("X: y\r\n", 20_000)+"Content-Disposition", 1), contentType),
	} {
		if a.status != 400 || a.body["message"] == "" {
			t.Errorf("%s: HTTP %d %s", what, a.status, a.raw)
		}
	}
	for what, c := range map[string]struct {
		field string
		parts []part
	}{
		"no file":      {"file", []part{{"user", "", "an"}}},
		"another name": {"file", []part{{"attachment", "a.txt", "a"}}},
		"two files":    {"file", []part{{"file", "a.txt", "a"}, {"file", "b.txt", "b"}}},
		"long user":    {"user", []part{{"file", "a.txt", "a"}, {"user", "", strings.Repeat("ệ", 101)}}},
		"endless user": {"user", []part{{"file", "a.txt", "a"}, {"user", "", strings.Repeat("x", 1<<20)}}},
		"long index":   {"indexFile", []part{{"file", "a.txt", "a"}, {"indexFile", "", strings.Repeat("x", 256)}}},
	} {
		a := h.attach(at, c.parts...)
		if a.status != 422 || a.wrong(c.field) == "" {
			t.Errorf("%s: HTTP %d %s", what, a.status, a.raw)
		}
	}
	var many []part
	for range 11 {
		many = append(many, part{"x", "", "y"})
	}
	h.want(h.attach(at, many...), 400)
	if list := h.call("GET", at, "").list(); len(list) != 0 {
		t.Errorf("attached: %v", list)
	}
	h.want(h.attach(at, part{"unknown", "", strings.Repeat("z", 10_000)}, part{"file", "empty.log", ""}), 201)
}

// 20 MiB are taken, and not a byte more; of alerts with fifty attachments none. Rules
// keng-7.attach.size, keng-2.attach.most.
func TestSizeOfAttachments(t *testing.T) {
	h := newHub(t)
	h.lenient = true // the validator would copy it all
	id := h.create(`{"message":"m"}`)
	h.attached(id, "large", strings.Repeat("x", alert.AttachmentMax))
	at := "/v2/alerts/" + id + "/attachments"
	for _, content := range []string{strings.Repeat("x", alert.AttachmentMax+1), strings.Repeat("x", 30<<20)} {
		if a := h.want(h.attach(at, part{"file", "larger", content}), 413); !strings.Contains(a.body["message"].(string), "20 MiB") {
			t.Errorf("%s", a.raw)
		}
	}
	h.want(h.attach(at, part{"unknown", "", strings.Repeat("x", 30<<20)}, part{"file", "a", "a"}), 413)
	for i := range alert.AttachmentsMax - 1 {
		h.attached(id, fmt.Sprint(i), "x")
	}
	if a := h.want(h.attach(at, part{"file", "a", "a"}), 422); !strings.Contains(a.wrong("file"), "50 attachments") {
		t.Errorf("%s", a.raw)
	}
}

// A file is served as what its bytes are, if a browser can do no harm with that, and under its
// name. Rules keng-7.attach.type, keng-7.attach.headers, keng-2.attach.name.
func TestDownloadsAreHarmless(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m"}`)
	for _, c := range []struct{ name, content, wantType, wantHow string }{
		{"a.png", "\x89PNG\x0d\x0a\x1a\x0a", "image/png", `inline; filename=a.png`},
		{"a.html", "\xff\xd8\xff", "image/jpeg", `inline; filename=a.html`},
		{"a.gif", "GIF89a", "image/gif", `inline; filename=a.gif`},
		{"a.webp", "RIFF\x00\x00\x00\x00WEBPVP", "image/webp", `inline; filename=a.webp`},
		{"a b.pdf", "%PDF-1.7", "application/pdf", `attachment; filename="a b.pdf"`},
		{"ghi chú.txt", "Ổ đĩa đầy", "text/plain; charset=utf-8", `inline; filename*=utf-8''ghi%20ch%C3%BA.txt`},
		{"a.png", "<!DOCTYPE html><script>alert(1)</script>", "application/octet-stream", `attachment; filename=a.png`},
		{"a.svg", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`, "application/octet-stream", `attachment; filename=a.svg`},
		{"a.js", "\xfe\xff\x00a\x00l", "application/octet-stream", `attachment; filename=a.js`},
		{"a.zip", "PK\x03\x04", "application/octet-stream", `attachment; filename=a.zip`},
		{`x"; filename="y.exe`, "MZ", "text/plain; charset=utf-8", `inline; filename="x\"; filename=\"y.exe"`},
		{"invoice\u202egnp.exe", "\x00", "application/octet-stream", `attachment; filename=invoicegnp.exe`},
		{"..", "\x00", "application/octet-stream", `attachment; filename=attachment`},
		{"/etc/" + strings.Repeat("x", 400) + ".png", "\x00", "application/octet-stream", `attachment; filename=` + strings.Repeat("x", 251) + ".png"},
	} {
		x := h.attached(id, c.name, c.content)
		a := h.want(h.with("", "GET", h.linkTo(id, x), ""), 200)
		if a.raw != c.content || a.header.Get("Content-Type") != c.wantType || a.header.Get("Content-Disposition") != c.wantHow {
			t.Errorf("%q: %d bytes, %s, %s", c.name, len(a.raw), a.header.Get("Content-Type"), a.header.Get("Content-Disposition"))
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%q: %s is %q", c.name, name, got)
			}
		}
		h.want(h.call("DELETE", "/v2/alerts/"+id+"/attachments/"+x, ""), 200)
	}
}

// Parts of a file are served, and none that there is not.
func TestPartsOfDownloads(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m"}`)
	link := h.linkTo(id, h.attached(id, "a.txt", "0123456789"))
	get := func(method string, headers ...string) answer {
		r := newRequest(method, link, "", headers...)
		r.Header.Del("Authorization")
		return h.send(r)
	}
	if a := h.want(get("GET", "Range", "bytes=2-4"), 206); a.raw != "234" || a.header.Get("Content-Range") != "bytes 2-4/10" {
		t.Errorf("%q %v", a.raw, a.header)
	}
	h.want(get("GET", "Range", "bytes=20-"), 416)
	if a := h.want(get("HEAD"), 200); a.raw != "" || a.header.Get("Content-Length") != "10" {
		t.Errorf("%q %v", a.raw, a.header)
	}
	h.want(get("GET", "If-None-Match", get("GET").header.Get("ETag")), 304)
}

// A link works for a quarter of an hour, at nodes of the same cluster. Rule keng-7.attach.link.
func TestLinksToAttachments(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m"}`)
	link := h.linkTo(id, h.attached(id, "a.txt", "abc"))
	h.want(h.with("", "GET", link, ""), 200)
	for _, forged := range []string{
		link[:len(link)-1] + map[bool]string{true: "B", false: "A"}[strings.HasSuffix(link, "A")], link + "A", "/keng/v1/attachments/x",
		"/keng/v1/attachments/" + strings.Repeat("A", 38), "/keng/v1/attachments/%00", "/keng/v1/attachments/" + strings.Repeat("A", 5000),
	} {
		if a := h.want(h.with("", "GET", forged, ""), 403); !strings.Contains(a.body["message"].(string), "no link of this hub's") {
			t.Errorf("%s: %s", forged, a.raw)
		}
	}
	h.store.now = h.store.now.Add(15*time.Minute - time.Second)
	h.want(h.with("", "GET", link, ""), 200)
	h.store.now = h.store.now.Add(time.Second)
	if a := h.want(h.with("", "GET", link, ""), 403); !strings.Contains(a.body["message"].(string), "expired") {
		t.Errorf("%s", a.raw)
	}
}

// While files cannot be kept, or had, that is said, and nothing is attached.
func TestAttachmentsWithoutAMajority(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m"}`)
	link := h.linkTo(id, h.attached(id, "a.txt", "abc"))
	h.blobs.down = &core.Error{Kind: core.Unavailable, Words: "the disk is nearly full"}
	if a := h.want(h.attach("/v2/alerts/"+id+"/attachments", part{"file", "b.txt", "b"}), 503); a.header.Get("Retry-After") == "" {
		t.Errorf("%s", a.raw)
	}
	h.want(h.with("", "GET", link, ""), 503)
	if list := h.call("GET", "/v2/alerts/"+id+"/attachments", "").list(); len(list) != 1 {
		t.Errorf("attached: %v", list)
	}
}

// Who sends a file slowly may take longer than other callers may; who sends nothing more, or takes
// nothing more, is let go. Rule keng-7.attach.slow.
func TestSlowTransfersOfAttachments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		listener := &pipes{make(chan net.Conn), make(chan struct{})}
		server := api.Server("", h.api, slog.New(slog.DiscardHandler))
		go server.Serve(listener)
		defer server.Close()
		id := h.create(`{"message":"m"}`)
		body, contentType := form(part{"file", "a.txt", strings.Repeat("x", 20_000)})
		begin := func() (net.Conn, *bufio.Reader) {
			conn := listener.dial()
			fmt.Fprintf(conn, "POST /v2/alerts/%s/attachments HTTP/1.1\r\nHost: hub\r\nAuthorization: GenieKey %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
				id, fullKey, contentType, len(body))
			return conn, bufio.NewReader(conn)
		}
		conn, reply := begin()
		for rest := body; rest != ""; rest = rest[min(1000, len(rest)):] { // two minutes in all
			io.WriteString(conn, rest[:min(1000, len(rest))])
			time.Sleep(6 * time.Second)
		}
		if res := must(http.ReadResponse(reply, nil)); res.StatusCode != 201 {
			t.Errorf("a slow one: HTTP %d", res.StatusCode)
		}
		conn.Close()

		conn, reply = begin()
		begun := time.Now()
		io.WriteString(conn, body[:5000])
		res := must(http.ReadResponse(reply, nil))
		if took := time.Since(begun); res.StatusCode != 400 || took > 15*time.Second {
			t.Errorf("one that stops: HTTP %d after %v", res.StatusCode, took)
		}
		conn.Close()

		large := h.attached(id, "large", strings.Repeat("x", 1<<20))
		conn = listener.dial()
		begun = time.Now()
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: hub\r\n\r\n", h.linkTo(id, large))
		reply = bufio.NewReader(conn)
		res = must(http.ReadResponse(reply, nil))
		for range 20 { // nearly two minutes
			if _, err := io.ReadFull(res.Body, make([]byte, 10_000)); err != nil {
				t.Fatalf("after %v: %v", time.Since(begun), err)
			}
			time.Sleep(5 * time.Second)
		}
		time.Sleep(2 * time.Minute) // it takes nothing more
		if _, err := io.ReadAll(res.Body); err == nil {
			t.Error("who took nothing more has got all")
		}
		conn.Close()
		if list := h.call("GET", "/v2/alerts/"+id+"/attachments", "").list(); len(list) != 2 {
			t.Errorf("attached: %v", list)
		}
	})
}

// The parts of a form come from strangers with a key: whatever they are, it is no fault of the
// hub's.
func FuzzAttachmentForm(f *testing.F) {
	good, _ := form(part{"file", "a.txt", "abc"}, part{"user", "", "an"})
	boundary := good[2:strings.Index(good, "\r\n")]
	f.Add(good, boundary)
	f.Add("--x\r\nContent-Disposition: form-data; name=file; filename*=utf-8''%2e%2e%2f\r\n\r\nabc\r\n--x--", "x")
	f.Add("--x\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Disposition: form-data; name=file\r\n\r\n=\r\n--x--", "x")
	h := newHub(f)
	id := h.create(`{"message":"m"}`)
	f.Fuzz(func(t *testing.T, body, boundary string) {
		r := newRequest("POST", "/v2/alerts/"+id+"/attachments", body, "Content-Type", "multipart/form-data; boundary=\""+boundary+"\"")
		w := httptest.NewRecorder()
		h.api.ServeHTTP(w, r)
		switch w.Code {
		case http.StatusCreated, http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("HTTP %d: %s", w.Code, w.Body)
		}
	})
}
