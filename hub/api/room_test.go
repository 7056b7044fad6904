package api_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"keng/hub/api"
	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
	"keng/raftstore/table/tabletest"
)

// underWay is a request whose body has not come yet.
type underWay struct {
	body  *io.PipeWriter
	reply *httptest.ResponseRecorder
	done  chan struct{}
}

// begin sends the head of a request that creates an alert: with a body of so many bytes, or of
// nobody knows how many if that is negative.
func (h *hub) begin(key string, bytes int64) *underWay {
	r, w := io.Pipe()
	request := httptest.NewRequest("POST", "/v2/alerts", r)
	request.Header.Set("Authorization", "GenieKey "+key)
	request.ContentLength = bytes
	u := &underWay{w, httptest.NewRecorder(), make(chan struct{})}
	go func() {
		defer close(u.done)
		h.api.ServeHTTP(u.reply, request)
		r.Close()
	}()
	return u
}

// end sends the body.
func (u *underWay) end() int {
	io.WriteString(u.body, `{"message":"m"}`)
	u.body.Close()
	<-u.done
	return u.reply.Code
}

// A request waits for room before it is refused: it may never be sent again. Rule keng-7.limits.patience.
func TestRoomIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		h.api.SetRequestsOfOneMax(2, 2*time.Second)
		first, second := h.begin(writeKey, -1), h.begin(writeKey, -1)
		synctest.Wait()
		go func() {
			time.Sleep(time.Second)
			first.end()
		}()
		begun := time.Now()
		h.want(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m"}`), 202)
		if took := time.Since(begun); took != time.Second {
			t.Errorf("it was done after %v", took)
		}
		third := h.begin(writeKey, -1)
		synctest.Wait()
		waits := h.begin(writeKey, -1)
		synctest.Wait()
		begun = time.Now()
		h.want(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m"}`), 429) // one may wait, and does
		if took := time.Since(begun); took != 0 {
			t.Errorf("it was refused after %v", took)
		}
		h.want(h.call("POST", "/v2/alerts", `{"message":"m"}`), 202)
		<-waits.done
		if took := time.Since(begun); took != 2*time.Second || waits.reply.Code != 429 {
			t.Errorf("who waited was told %d after %v", waits.reply.Code, took)
		}
		if second.end() != 202 || third.end() != 202 {
			t.Error("who was under way was not answered")
		}
		if _, busy := h.api.Counted(); busy != 0 {
			t.Errorf("%d keys are busy for ever", busy)
		}
	})
}

// Bodies take no more memory than there is for them: of one key, which leaves room to others, and of
// all. Rule keng-7.limits.bytes.
func TestBodiesUnderWayAreBounded(t *testing.T) {
	const each, keys = 32, 8 // MiB of a key; what is there for all is there for so many
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		var all []*underWay
		for k := range keys {
			key := fmt.Sprint("key-", k)
			hash := sha256.Sum256([]byte(key))
			must(state.Do(t.Context(), h.store, core.Seed{7, byte(k)}, state.PutKey{Name: key, Hash: hash[:], Rights: state.Write}))
			for i := range each {
				all = append(all, h.begin(key, []int64{api.BodyMax, -1}[i%2]))
			}
			synctest.Wait()
			begun := time.Now()
			refused := h.begin(key, 10)
			<-refused.done
			if took := time.Since(begun); refused.reply.Code != 429 || took != 2*time.Second || !strings.Contains(refused.reply.Body.String(), "32 MiB") {
				t.Fatalf("%s, one more: %d after %v: %s", key, refused.reply.Code, took, refused.reply.Body)
			}
			if k == 0 {
				h.want(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m"}`), 202)
			}
		}
		h.want(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m"}`), 503)
		h.want(h.with(readKey, "GET", "/v2/alerts", ""), 200)
		for _, u := range all {
			if code := u.end(); code != 202 {
				t.Fatalf("what was under way: %d %s", code, u.reply.Body)
			}
		}
		h.want(h.with(writeKey, "POST", "/v2/alerts", `{"message":"m"}`), 202)
		if _, busy := h.api.Counted(); busy != 0 {
			t.Errorf("%d keys are busy for ever", busy)
		}
	})
}

// behind is the store of a node that knows no key yet; the leader does.
type behind struct {
	*memStore
	old    *tabletest.Tx
	silent bool // nobody leads
	asking atomic.Int32
	most   atomic.Int32 // of asking
}

func (b *behind) View(ctx context.Context, latest bool, f func(table.Reader) error) error {
	if !latest {
		return f(b.old)
	}
	b.most.Store(max(b.most.Load(), b.asking.Add(1)))
	defer b.asking.Add(-1)
	if b.silent {
		<-ctx.Done()
		return ctx.Err()
	}
	return b.memStore.View(ctx, latest, f)
}

// A key that is not known anywhere is asked for at the leader once a second, however often it comes;
// one that another node has made a moment ago works. Rule keng-7.limits.strangers.
func TestUnknownKeysAreAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store *behind
		h := newHub(t, func(o *api.Options) {
			store = &behind{memStore: o.Store.(*memStore), old: tabletest.NewTx()}
			o.Store = store
		})
		h.want(h.with(writeKey, "GET", "/v2/alerts/requests/none", ""), 404) // it is known, which it is not here
		asked := func() int { return h.store.latest }
		for range 3 {
			before := asked()
			for range 100 {
				h.want(h.with("stranger", "GET", "/v2/alerts", ""), 401)
			}
			if n := asked() - before; n != 1 {
				t.Errorf("the leader was asked %d times", n)
			}
			time.Sleep(time.Second)
		}
		h.want(h.with("stranger", "GET", "/v2/teams", ""), 401)
		hash := sha256.Sum256([]byte("stranger"))
		must(state.Do(t.Context(), h.store, core.Seed{7}, state.PutKey{Name: "s", Hash: hash[:], Rights: state.Read}))
		time.Sleep(time.Second)
		h.want(h.with("stranger", "GET", "/v2/teams", ""), 200)
		for i := range 11_000 { // each is another one
			r := httptest.NewRequest("GET", "/v2/alerts", nil)
			r.Header.Set("Authorization", fmt.Sprint("GenieKey ", i))
			h.api.ServeHTTP(discard{}, r)
		}
		if n := h.api.Strangers(); n != 10_000 {
			t.Errorf("%d unknown keys are remembered", n)
		}
	})
}

// While nobody leads few wait for what a leader would say of unknown keys, and known ones do not wait.
func TestUnknownKeysHoldNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store *behind
		h := newHub(t, func(o *api.Options) {
			store = &behind{memStore: o.Store.(*memStore), silent: true}
			o.Store = store
		})
		store.old = h.store.tx
		codes := make(chan int, 100)
		for i := range cap(codes) {
			go func() {
				r := httptest.NewRequest("GET", "/v2/alerts", nil)
				r.Header.Set("Authorization", fmt.Sprint("GenieKey ", i))
				w := httptest.NewRecorder()
				h.api.ServeHTTP(w, r)
				codes <- w.Code
			}()
		}
		synctest.Wait()
		begun := time.Now()
		h.want(h.with(readKey, "GET", "/v2/alerts", ""), 200)
		if took := time.Since(begun); took != 0 {
			t.Errorf("a known key waited for %v", took)
		}
		for range cap(codes) {
			if code := <-codes; code != http.StatusServiceUnavailable {
				t.Errorf("HTTP %d", code)
			}
		}
		if most := store.most.Load(); most > 16 {
			t.Errorf("%d asked at once", most)
		}
	})
}

// What strangers send before it is known who they are takes no more memory than there is for that, and only
// what has come counts: a thousand that have sent nothing yet keep nobody out. Rule keng-7.limits.strange-bodies.
func TestBodiesOfStrangersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t)
		begin := func(bytes int) *underWay {
			r, w := io.Pipe()
			request := httptest.NewRequest("POST", "/v1/json/nagios", r)
			request.ContentLength = -1
			u := &underWay{w, httptest.NewRecorder(), make(chan struct{})}
			go func() {
				defer close(u.done)
				h.api.ServeHTTP(u.reply, request)
				r.Close()
			}()
			_, _ = w.Write(make([]byte, bytes)) // fails when it is refused
			return u
		}
		var all []*underWay
		for range 1000 {
			all = append(all, begin(0))
		}
		tool := func() int {
			return h.serve(newRequest("POST", "/v1/json/nagios", `{"apiKey":"`+fullKey+`","entity_type":"service","notification_type":"PROBLEM","host_name":"web-1","service_desc":"disk"}`, "Authorization", "")).status
		}
		if code := tool(); code != 200 {
			t.Errorf("beside those who send nothing: %d", code)
		}
		for range (32 << 20) / (200 << 10) {
			all = append(all, begin(200<<10))
		}
		synctest.Wait()
		more := begin(200 << 10)
		<-more.done
		if more.reply.Code != 503 {
			t.Errorf("one more is told %d", more.reply.Code)
		}
		h.want(h.call("POST", "/v2/alerts", `{"message":"m"}`), 202)
		for _, u := range all {
			u.body.Close()
			<-u.done
			if u.reply.Code != 401 {
				t.Fatalf("who has no key is told %d", u.reply.Code)
			}
		}
		if code := tool(); code != 200 {
			t.Errorf("after them: %d", code)
		}
	})
}
