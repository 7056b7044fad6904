package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/api"
	"keng/hub/core/alert"
	"keng/hub/state"
)

// farBlobs are blobs that take a while to be on a majority.
type farBlobs struct {
	*memBlobs
	spread time.Duration
}

func (b *farBlobs) PutBlob(ctx context.Context, r io.Reader) (hash [32]byte, size int64, err error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return hash, 0, err
	}
	select {
	case <-time.After(b.spread):
	case <-ctx.Done():
		return hash, 0, ctx.Err()
	}
	return b.memBlobs.PutBlob(ctx, bytes.NewReader(content))
}

// A file that has come may take 20 s to be on a majority, longer than its sender may be silent in the
// middle of it, however it came. Rule keng-7.attach.spread.
func TestAttachmentsAreGivenTimeToSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := &farBlobs{}
		h := newHub(t, func(o *api.Options) {
			far.memBlobs = o.Blobs.(*memBlobs)
			o.Blobs = far
		})
		listener := &pipes{make(chan net.Conn), make(chan struct{})}
		server := api.Server("", h.api, slog.New(slog.DiscardHandler))
		go server.Serve(listener)
		defer server.Close()
		id := h.create(`{"message":"m"}`)
		kept := 0
		for _, c := range []struct {
			spread, took time.Duration
			status       int
		}{{15 * time.Second, 15 * time.Second, 201}, {time.Minute, 20 * time.Second, 503}, {0, 0, 201}} {
			far.spread = c.spread
			for _, size := range []int{3, 100_000} {
				for _, chunked := range []bool{false, true} {
					body, contentType := form(part{"file", "a.txt", strings.Repeat("x", size)})
					length := fmt.Sprint("Content-Length: ", len(body))
					if chunked {
						length, body = "Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
					}
					conn := listener.dial()
					fmt.Fprintf(conn, "POST /v2/alerts/%s/attachments HTTP/1.1\r\nHost: hub\r\nAuthorization: GenieKey %s\r\nContent-Type: %s\r\n%s\r\n\r\n",
						id, fullKey, contentType, length)
					go io.WriteString(conn, body)
					begun := time.Now()
					res := must(http.ReadResponse(bufio.NewReader(conn), nil))
					said, _ := io.ReadAll(res.Body)
					conn.Close()
					if took := time.Since(begun); res.StatusCode != c.status || took != c.took {
						t.Errorf("of %d bytes, chunked %v, one that takes %v: HTTP %d after %v: %s", size, chunked, c.spread, res.StatusCode, took, said)
					}
					if c.status == 201 {
						kept++
					}
				}
			}
			if list := h.call("GET", "/v2/alerts/"+id+"/attachments", "").list(); len(list) != kept {
				t.Errorf("after those that take %v there are %d", c.spread, len(list))
			}
		}
	})
}

// narrowStore takes commands as large as the real one does, and no larger.
type narrowStore struct{ state.Store }

func (s narrowStore) Update(ctx context.Context, id [16]byte, command []byte) ([]byte, error) {
	if len(command) > 2<<20 {
		return nil, errors.New("the command is too large")
	}
	return s.Store.Update(ctx, id, command)
}

// A name of any length is cut before it goes anywhere. Rule keng-2.attach.name.
func TestLongNamesOfAttachments(t *testing.T) {
	h := newHub(t, func(o *api.Options) { o.Store = narrowStore{o.Store} })
	h.lenient = true // the validator takes no such form
	id := h.create(`{"message":"m"}`)
	h.attached(id, strings.Repeat("x", 3<<20)+".png", "abc")
	want := strings.Repeat("x", alert.AttachmentNameMax-4) + ".png"
	if list := h.call("GET", "/v2/alerts/"+id+"/attachments", "").list(); len(list) != 1 || list[0]["name"] != want {
		t.Errorf("attached: %.400v", list)
	}
}

// One key has a few uploads under way at once: with those that trickle it does not take all the places
// that there are. Rule keng-7.attach.places.
func TestOneKeyLeavesPlacesForUploads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		id := h.create(`{"message":"m"}`)
		body, contentType := form(part{"file", "a.txt", "abc"})
		begin := func() *underWay {
			r, w := io.Pipe()
			request := newRequest("POST", "/v2/alerts/"+id+"/attachments", "", "Content-Type", contentType, "Authorization", "GenieKey "+writeKey)
			request.Body, request.ContentLength = r, -1
			u := &underWay{w, httptest.NewRecorder(), make(chan struct{})}
			go func() {
				defer close(u.done)
				h.api.ServeHTTP(u.reply, request)
				r.Close()
			}()
			synctest.Wait()
			return u
		}
		end := func(u *underWay) {
			t.Helper()
			io.WriteString(u.body, body)
			u.body.Close()
			<-u.done
			if u.reply.Code != 201 {
				t.Errorf("HTTP %d: %s", u.reply.Code, u.reply.Body)
			}
		}
		flood := []*underWay{begin(), begin(), begin(), begin()}
		begun := time.Now()
		refused := begin()
		<-refused.done
		if took := time.Since(begun); refused.reply.Code != 429 || took != 2*time.Second || refused.reply.Header().Get("Retry-After") != "1" {
			t.Errorf("one more: HTTP %d after %v: %s", refused.reply.Code, took, refused.reply.Body)
		}
		h.attached(id, "of another key.txt", "abc")
		waits := begin()
		end(flood[0])
		end(waits)
		for _, u := range flood[1:] {
			end(u)
		}
		if _, busy := h.api.Counted(); busy != 0 {
			t.Errorf("%d keys have uploads under way for ever", busy)
		}
	})
}

// A link is honoured as it was made, and as nothing else. Rule keng-7.attach.link.
func TestLinksAreTakenAsTheyAre(t *testing.T) {
	h := newHub(t)
	id := h.create(`{"message":"m"}`)
	link := h.linkTo(id, h.attached(id, "a.txt", "abc"))
	const root = "/keng/v1/attachments/"
	token := strings.TrimPrefix(link, root)
	h.want(h.with("", "GET", fmt.Sprintf("%s%%%02X%s", root, token[0], token[1:]), ""), 200)   // escaped, as a path may be
	h.want(h.with("", "GET", fmt.Sprintf("%s%%25%02X%s", root, token[0], token[1:]), ""), 403) // escaped twice
	h.store.now = h.store.now.Add(6 * time.Minute)
	name := h.want(h.call("GET", "/v2/logs/list/2026-11-25", ""), 200).list()[0]["filename"].(string)
	logs := h.want(h.call("GET", "/v2/logs/download/"+name, ""), 200).raw
	_, logs, _ = strings.Cut(logs, "/keng/v1/log-files/")
	logToken, _, _ := strings.Cut(logs, "/")
	h.want(h.with("", "GET", "/keng/v1/log-files/"+logToken+"/"+name, ""), 200)
	h.want(h.with("", "GET", "/keng/v1/log-files/"+token+"/"+name, ""), 403)
	h.want(h.with("", "GET", root+logToken, ""), 403)
}
