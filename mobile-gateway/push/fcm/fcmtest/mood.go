package fcmtest

import "time"

// The error codes of FCM, as in google.firebase.fcm.v1.FcmError, and in the end
// three of Google's that come without one.
const (
	InvalidArgument  = "INVALID_ARGUMENT"
	InvalidToken     = "INVALID_TOKEN" // ours: INVALID_ARGUMENT that blames the registration token
	Unregistered     = "UNREGISTERED"
	SenderIDMismatch = "SENDER_ID_MISMATCH"
	QuotaExceeded    = "QUOTA_EXCEEDED"
	Unavailable      = "UNAVAILABLE"
	Internal         = "INTERNAL"
	ThirdPartyAuth   = "THIRD_PARTY_AUTH_ERROR"
	Unauthenticated  = "UNAUTHENTICATED"
	PermissionDenied = "PERMISSION_DENIED"
	NoProject        = "NOT_FOUND"
)

// What becomes of a message that is neither accepted nor refused.
const (
	Stalled = "stalled" // never answered
	Dropped = "dropped" // the connection is cut without an answer
	Garbled = "garbled" // taken, and answered with 200 and half an answer
)

// mood is how a phone, or the whole server, treats messages. Server.mu owns it.
type mood struct {
	outcome    string // empty: accepts
	retryAfter time.Duration
}

// Phone is the app behind one registration token.
type Phone struct {
	server *Server
	token  string
}

// Phone returns the phone with this registration token. Every token that no Phone
// was asked for is a phone that accepts.
func (s *Server) Phone(token string) Phone { return Phone{s, token} }

// Refuse makes every message to this phone fail with an error code.
func (p Phone) Refuse(code string) { p.RefuseFor(code, 0) }

// RefuseFor is [Phone.Refuse] with a Retry-After header.
func (p Phone) RefuseFor(code string, after time.Duration) {
	p.server.setMood(p.token, mood{outcome: code, retryAfter: after})
}

// Unregister is what happens when the app is deleted.
func (p Phone) Unregister() { p.Refuse(Unregistered) }

// Stall leaves messages to this phone without an answer.
func (p Phone) Stall() { p.Refuse(Stalled) }

// Drop cuts the connection on every message to this phone.
func (p Phone) Drop() { p.Refuse(Dropped) }

// Accept takes messages again.
func (p Phone) Accept() { p.Refuse("") }

// Refuse makes every message fail with an error code, whatever its phone would do.
func (s *Server) Refuse(code string) { s.setAll(mood{outcome: code}) }

// RefuseFor is [Server.Refuse] with a Retry-After header.
func (s *Server) RefuseFor(code string, after time.Duration) {
	s.setAll(mood{outcome: code, retryAfter: after})
}

// Stall leaves every message without an answer.
func (s *Server) Stall() { s.Refuse(Stalled) }

// Drop cuts the connection on every message.
func (s *Server) Drop() { s.Refuse(Dropped) }

// Garble takes every message, and answers so that nobody can know it.
func (s *Server) Garble() { s.Refuse(Garbled) }

// Accept lets each phone decide again.
func (s *Server) Accept() { s.Refuse("") }

// Slow makes every answer about a message take a random time in this range, from when the
// server remembers it. Zero: no time.
func (s *Server) Slow(least, most time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = [2]time.Duration{least, most}
}

// StallTokens leaves every request for an access token without an answer, until
// called with false.
func (s *Server) StallTokens(stall bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth = mood{}
	if stall {
		s.oauth = mood{outcome: Stalled}
	}
}

// RevokeTokens makes all access tokens given out so far worthless.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

func (s *Server) setAll(m mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = m
}

func (s *Server) setMood(token string, m mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phones[token] = &m
}

// moodFor is what to do with a message to this token.
func (s *Server) moodFor(token string) mood {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all.outcome != "" {
		return s.all
	}
	if m := s.phones[token]; m != nil {
		return *m
	}
	return mood{}
}
