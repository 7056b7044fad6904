package link

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
)

const (
	tokenVersion    = "v1"
	tokenIDBytes    = 8
	tokenSecretSize = 16
)

// Token lets a machine join a cluster: it proves to the hub that an administrator
// sent the machine, and tells the machine which cluster it may trust.
//
// Its text is v1.<id>.<secret>.<fingerprint>: the id in hex, the others in the URL
// alphabet of base64 without padding.
type Token struct {
	// ID names the token in lists and logs: 16 hex digits. It is not secret.
	ID string
	// Secret is 16 random bytes. The hub keeps only their hash.
	Secret []byte
	// Fingerprint is the SHA-256 of the authority's SubjectPublicKeyInfo.
	Fingerprint [32]byte
}

// NewToken makes a token with a random id and secret for the cluster of an authority.
func NewToken(authority *x509.Certificate) Token {
	random := make([]byte, tokenIDBytes+tokenSecretSize)
	rand.Read(random) // never fails, by its contract
	return Token{
		ID:          hex.EncodeToString(random[:tokenIDBytes]),
		Secret:      random[tokenIDBytes:],
		Fingerprint: Fingerprint(authority),
	}
}

// Fingerprint is how a token names an authority.
func Fingerprint(authority *x509.Certificate) [32]byte {
	return sha256.Sum256(authority.RawSubjectPublicKeyInfo)
}

// ParseToken reads a token's text. White space around it is forgiven, nothing else
// is. The error is [ErrToken]; it never quotes the text, which is a secret.
func ParseToken(text string) (Token, error) {
	parts := strings.Split(strings.TrimSpace(text), ".")
	if len(parts) != 4 {
		return Token{}, fmt.Errorf("%w: it has %d parts, not 4; was it copied whole?", ErrToken, len(parts))
	}
	if parts[0] != tokenVersion {
		return Token{}, fmt.Errorf("%w: it does not begin with %q", ErrToken, tokenVersion+".")
	}
	token := Token{ID: parts[1]}
	if id, err := hex.DecodeString(token.ID); err != nil || len(id) != tokenIDBytes || token.ID != strings.ToLower(token.ID) {
		return Token{}, fmt.Errorf("%w: its second part is damaged", ErrToken)
	}
	secret, err := tokenEncoding().DecodeString(parts[2])
	if err != nil || len(secret) != tokenSecretSize || strings.ContainsAny(parts[2], "\r\n") {
		return Token{}, fmt.Errorf("%w: its third part is damaged", ErrToken)
	}
	fingerprint, err := tokenEncoding().DecodeString(parts[3])
	if err != nil || len(fingerprint) != len(token.Fingerprint) || strings.ContainsAny(parts[3], "\r\n") {
		return Token{}, fmt.Errorf("%w: its last part is damaged; was it copied whole?", ErrToken)
	}
	token.Secret = secret
	copy(token.Fingerprint[:], fingerprint)
	return token, nil
}

// String returns the whole text, secret included: for the one moment of handing it
// over. In a log a Token shows its id alone.
func (t Token) String() string {
	return strings.Join([]string{
		tokenVersion, t.ID,
		tokenEncoding().EncodeToString(t.Secret),
		tokenEncoding().EncodeToString(t.Fingerprint[:]),
	}, ".")
}

// LogValue keeps the secret out of logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(tokenVersion + "." + t.ID) }

func tokenEncoding() *base64.Encoding { return base64.RawURLEncoding.Strict() }
