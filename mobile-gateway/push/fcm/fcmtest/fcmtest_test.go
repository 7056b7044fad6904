package fcmtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// start returns a server and an access token for it.
func start(t *testing.T) (*Server, string) {
	t.Helper()
	s, err := New("p")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.mu.Lock()
	s.tokens["good"] = time.Now().Add(time.Minute)
	s.mu.Unlock()
	return s, "good"
}

func post(t *testing.T, address, bearer, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

func TestServerChecksWhatGoogleChecks(t *testing.T) {
	s, good := start(t)
	send := s.URL() + "/v1/projects/p/messages:send"
	for name, c := range map[string]struct {
		address, bearer, body string
		status                int
		words                 string
	}{
		"good":          {send, good, `{"message":{"token":"token-123","notification":{"title":"x"}}}`, 200, `"name":"projects/p/messages/0:`},
		"no token":      {send, "bad", `{"message":{"token":"token-123"}}`, 401, "UNAUTHENTICATED"},
		"other project": {s.URL() + "/v1/projects/q/messages:send", good, `{"message":{"token":"token-123"}}`, 403, "PERMISSION_DENIED"},
		"other call":    {s.URL() + "/v1/projects/p/messages:list", good, `{}`, 404, ""},
		"no target":     {send, good, `{"message":{}}`, 400, "Recipient of the message is not set."},
		"two targets":   {send, good, `{"message":{"token":"token-123","topic":"t"}}`, 400, "oneof"},
		"unknown name":  {send, good, `{"message":{"token":"token-123","priority":"high"}}`, 400, "unknown field"},
		"no message":    {send, good, `{}`, 400, "Message is empty."},
		"two values":    {send, good, `{"message":{"token":"token-123"}} {}`, 400, "Expected end of input"},
		"too big":       {send, good, fmt.Sprintf(`{"message":{"token":"token-123","notification":{"body":%q}}}`, strings.Repeat("x", 4096)), 400, "too big"},
		"far too big":   {send, good, strings.Repeat("x", requestMax+1), 400, "size"},
		"reserved data": {send, good, `{"message":{"token":"token-123","data":{"from":"x"}}}`, 400, "Invalid data payload key: from"},
		"number data":   {send, good, `{"message":{"token":"token-123","data":{"n":1}}}`, 400, "cannot unmarshal"},
		"bad ttl":       {send, good, `{"message":{"token":"token-123","android":{"ttl":"1m"}}}`, 400, "ttl"},
		"long ttl":      {send, good, `{"message":{"token":"token-123","android":{"ttl":"2419201s"}}}`, 400, "TTL"},
		"bad priority":  {send, good, `{"message":{"token":"token-123","android":{"priority":"urgent"}}}`, 400, "priority"},
		"long collapse": {send, good, fmt.Sprintf(`{"message":{"token":"token-123","apns":{"headers":{"apns-collapse-id":%q}}}}`, strings.Repeat("x", 65)), 400, "apns-collapse-id"},
		"not a token":   {send, good, `{"message":{"token":"a b"}}`, 400, "message.token"},
	} {
		if status, answer := post(t, c.address, c.bearer, c.body); status != c.status || !strings.Contains(answer, c.words) {
			t.Errorf("%s: answered %d %s; want %d with %q", name, status, answer, c.status, c.words)
		}
	}
	if n := len(s.Messages()); n != 1 {
		t.Errorf("remembers %d accepted messages; want 1", n)
	}
}

func TestTokenEndpointChecksTheAssertion(t *testing.T) {
	s, _ := start(t)
	for want, form := range map[string]url.Values{
		"Invalid grant_type":    {"grant_type": {"password"}},
		"it must have three":    {"grant_type": {grantType}, "assertion": {"x"}},
		"Invalid JWT Signature": {"grant_type": {grantType}, "assertion": {"e30.e30.AAAA"}},
		"not base64url":         {"grant_type": {grantType}, "assertion": {"e30.e30.!"}},
	} {
		response, err := http.PostForm(s.URL()+"/token", form)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != 400 || !strings.Contains(string(answer), want) {
			t.Errorf("answered %d %s; want 400 with %q", response.StatusCode, answer, want)
		}
	}
}

func TestWait(t *testing.T) {
	s, good := start(t)
	got := make(chan Message, 1)
	go func() {
		m, err := s.Wait(t.Context(), func(m Message) bool { return m.Token == "token-second" })
		if err != nil {
			t.Error(err)
		}
		got <- m
	}()
	for _, token := range []string{"token-first", "token-second"} {
		post(t, s.URL()+"/v1/projects/p/messages:send", good, fmt.Sprintf(`{"message":{"token":%q}}`, token))
	}
	if m := <-got; m.Token != "token-second" {
		t.Errorf("waited for token-second, got %q", m.Token)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(ctx, func(Message) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait says %v after a cancel", err)
	}
}

func TestCloseWakesWhatStalls(t *testing.T) {
	s, good := start(t)
	s.Stall()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		req, _ := http.NewRequest(http.MethodPost, s.URL()+"/v1/projects/p/messages:send", strings.NewReader(`{"message":{"token":"token-123"}}`))
		req.Header.Set("Authorization", "Bearer "+good)
		if response, err := http.DefaultClient.Do(req); err == nil {
			response.Body.Close()
		}
	}()
	if _, err := s.WaitTry(t.Context(), func(m Message) bool { return m.Outcome == Stalled }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	<-ended
	s.Close() // harmless
}

func FuzzDecodeMessage(f *testing.F) {
	f.Add([]byte(`{"message":{"token":"t","android":{"ttl":"3.5s"},"apns":{"payload":{"aps":{}}}}}`))
	f.Add([]byte(`{"message":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if m, err := DecodeMessage(body); err == nil && m.Token+m.Topic+m.Condition == "" {
			t.Error("took a message without a target")
		}
	})
}

func TestSlowAnswersComeAfterTheMessageIsRemembered(t *testing.T) {
	s, good := start(t)
	s.Slow(50*time.Millisecond, 60*time.Millisecond)
	post(t, s.URL()+"/v1/projects/p/messages:send", good, `{"message":{"token":"token-123"}}`)
	if m := s.Messages(); len(m) != 1 || time.Since(m[0].At) < 50*time.Millisecond {
		t.Errorf("the server remembers %+v", m)
	}
}
