package fcmtest

//lint:file-ignore ST1005 the errors of this file are Google's own sentences

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

const (
	keyID         = "fcmtest-key"
	tokenLifetime = time.Hour
	grantType     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

func (s *Server) email() string { return "firebase-adminsdk@" + s.project + ".iam.gserviceaccount.com" }

// ServiceAccountJSON is the file that the Firebase console would give out for
// this server: put it in a file and name that as the credentials. Its token_uri
// points here, and its key was made when the server started.
func (s *Server) ServiceAccountJSON() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		panic("fcmtest: an RSA key that was just made cannot be marshalled: " + err.Error())
	}
	file, err := json.MarshalIndent(map[string]string{
		"type":           "service_account",
		"project_id":     s.project,
		"private_key_id": keyID,
		"private_key":    string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email":   s.email(),
		"client_id":      "100000000000000000000",
		"token_uri":      s.url + "/token",
	}, "", "  ")
	if err != nil {
		panic("fcmtest: a map of strings cannot be marshalled: " + err.Error())
	}
	return file
}

// grant is the OAuth token endpoint: a signed assertion for an access token (RFC 7523).
func (s *Server) grant(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	stalls := s.oauth.outcome == Stalled
	s.mu.Unlock()
	if stalls {
		s.stall(r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, requestMax)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := s.checkGrant(r); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant", "error_description": err.Error()})
		return
	}
	token := "ya29." + rand.Text()
	now := time.Now()
	s.mu.Lock()
	maps.DeleteFunc(s.tokens, func(_ string, until time.Time) bool { return now.After(until) })
	s.tokens[token] = now.Add(tokenLifetime)
	s.mu.Unlock()
	json.NewEncoder(w).Encode(map[string]any{
		"access_token": token, "expires_in": int(tokenLifetime.Seconds()), "token_type": "Bearer",
	})
}

func (s *Server) checkGrant(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("Invalid form: %v", err)
	}
	if r.PostForm.Get("grant_type") != grantType {
		return errors.New("Invalid grant_type: " + r.PostForm.Get("grant_type"))
	}
	return s.checkAssertion(r.PostForm.Get("assertion"), time.Now())
}

// checkAssertion verifies a JWT signed with RS256 by our service account.
func (s *Server) checkAssertion(assertion string, now time.Time) error {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return errors.New("Invalid JWT: it must have three parts.")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return errors.New("Invalid JWT: the signature is not base64url.")
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, digest[:], signature) != nil {
		return errors.New("Invalid JWT Signature.")
	}
	var claims struct {
		Iss, Aud, Scope string
		Exp             int64
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return errors.New("Invalid JWT: the claims cannot be read.")
	}
	switch {
	case claims.Iss != s.email():
		return errors.New("Invalid grant: account not found")
	case claims.Aud != s.url+"/token":
		return errors.New("Invalid JWT: the audience must be the token endpoint.")
	case now.Unix() > claims.Exp:
		return errors.New("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.")
	case !strings.Contains(claims.Scope, "/auth/firebase.messaging") && !strings.Contains(claims.Scope, "/auth/cloud-platform"):
		return errors.New("Invalid scope: " + claims.Scope)
	}
	return nil
}
