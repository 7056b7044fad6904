package fcmtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// send is projects.messages.send.
func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, requestMax))
	switch {
	case r.PathValue("call") != "messages:send":
		http.NotFound(w, r) // Google answers HTML here, too
		return
	case !s.authorized(r):
		writeError(w, Unauthenticated, 0)
		return
	case r.PathValue("project") != s.project:
		writeError(w, PermissionDenied, 0)
		return
	case err != nil:
		writeInvalid(w, "Request payload size exceeds the limit.", "")
		return
	}
	m, err := DecodeMessage(body)
	if err != nil {
		writeInvalid(w, err.Error(), "message")
		return
	}
	m.At = time.Now()
	mood := s.moodFor(m.Token)
	m.Outcome = mood.outcome
	if m.Outcome == "" && !tokenLooksReal(m.Token) {
		m.Outcome = InvalidToken
	}
	if m.Outcome == "" || m.Outcome == Garbled {
		m.Name = s.nextName()
	}
	s.remember(m)
	s.dawdle(r)
	s.answer(w, r, m, mood.retryAfter)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, m Message, retryAfter time.Duration) {
	switch m.Outcome {
	case "":
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		json.NewEncoder(w).Encode(map[string]string{"name": m.Name})
	case Stalled:
		s.stall(r)
	case Dropped:
		panic(http.ErrAbortHandler) // net/http's way to cut the connection without an answer
	case Garbled:
		io.WriteString(w, `{"name": "proj`)
	default:
		writeError(w, m.Outcome, retryAfter)
	}
}

// stall holds a request until its client gives up or the server closes.
func (s *Server) stall(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.closing:
	}
}

// dawdle takes its time.
func (s *Server) dawdle(r *http.Request) {
	s.mu.Lock()
	least, most := s.slow[0], s.slow[1]
	s.mu.Unlock()
	if most <= 0 {
		return
	}
	timer := time.NewTimer(least + rand.N(max(most-least, 1)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.closing:
	}
}

func (s *Server) nextName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return fmt.Sprintf("projects/%s/messages/0:%d", s.project, s.count)
}

func (s *Server) authorized(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	until, known := s.tokens[token]
	return known && time.Now().Before(until)
}

// tokenLooksReal is the check that Google makes before it looks a token up: real
// ones are letters, digits and three signs, far longer than a word.
func tokenLooksReal(token string) bool {
	const shortest = 6 // real ones have over 100; tests may keep theirs readable
	return len(token) >= shortest && strings.Trim(token, tokenAlphabet) == "" && !strings.Contains(token, " ")
}

const tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:"

// status is a google.rpc.Status as JSON.
type status struct {
	Code    int              `json:"code"`
	Message string           `json:"message"`
	Status  string           `json:"status"`
	Details []map[string]any `json:"details,omitempty"`
}

// statusOf returns what Google answers for an error code.
func statusOf(code string) (status, error) {
	fcmError := func(code string) []map[string]any {
		return []map[string]any{{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}}
	}
	switch code {
	case InvalidArgument:
		return status{400, "Request contains an invalid argument.", "INVALID_ARGUMENT", fcmError(code)}, nil
	case InvalidToken:
		words := "The registration token is not a valid FCM registration token"
		return status{400, words, "INVALID_ARGUMENT", append(fcmError(InvalidArgument), badField("message.token", words))}, nil
	case Unregistered:
		return status{404, "Requested entity was not found.", "NOT_FOUND", fcmError(code)}, nil
	case SenderIDMismatch:
		return status{403, "SenderId mismatch", "PERMISSION_DENIED", fcmError(code)}, nil
	case QuotaExceeded:
		return status{429, "Quota exceeded for quota metric 'Sending Messages' and limit 'Sending Messages per minute'.", "RESOURCE_EXHAUSTED", fcmError(code)}, nil
	case Unavailable:
		return status{503, "The service is currently unavailable.", "UNAVAILABLE", fcmError(code)}, nil
	case Internal:
		return status{500, "Internal error encountered.", "INTERNAL", fcmError(code)}, nil
	case ThirdPartyAuth:
		return status{401, "Auth error from APNS or Web Push Service", "UNAUTHENTICATED", fcmError(code)}, nil
	case Unauthenticated:
		return status{401, "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.", "UNAUTHENTICATED", nil}, nil
	case PermissionDenied:
		return status{403, "Permission 'cloudmessaging.messages.create' denied on resource (or it may not exist).", "PERMISSION_DENIED", nil}, nil
	case NoProject:
		return status{404, "Requested entity was not found.", "NOT_FOUND", nil}, nil
	}
	return status{}, errors.New("fcmtest does not know the error code " + code)
}

func badField(field, words string) map[string]any {
	return map[string]any{
		"@type":           "type.googleapis.com/google.rpc.BadRequest",
		"fieldViolations": []map[string]string{{"field": field, "description": words}},
	}
}

func writeError(w http.ResponseWriter, code string, retryAfter time.Duration) {
	st, err := statusOf(code)
	if err != nil {
		st = status{500, err.Error(), "INTERNAL", nil}
	}
	if retryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(retryAfter.Seconds())))
	}
	writeStatus(w, st)
}

// writeInvalid refuses a message that is itself at fault.
func writeInvalid(w http.ResponseWriter, words, field string) {
	st, _ := statusOf(InvalidArgument)
	st.Message = words
	if field != "" {
		st.Details = append(st.Details, badField(field, words))
	}
	writeStatus(w, st)
}

func writeStatus(w http.ResponseWriter, st status) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(st.Code)
	json.NewEncoder(w).Encode(map[string]status{"error": st})
}
