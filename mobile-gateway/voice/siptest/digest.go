package siptest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// realm is what the phone's challenges call themselves.
const realm = "siptest"

// challenge asks the caller for its password (RFC 3261 §22).
func (p *Phone) challenge(script Script, request *sip.Request, tx sip.ServerTransaction) {
	status, reason, name := sip.StatusProxyAuthRequired, "Proxy Authentication Required", "Proxy-Authenticate"
	if script.Registrar {
		status, reason, name = sip.StatusUnauthorized, "Unauthorized", "WWW-Authenticate"
	}
	response := sip.NewResponseFromRequest(request, status, reason, nil)
	response.AppendHeader(sip.NewHeader(name, fmt.Sprintf(`Digest realm="%s", nonce="%s", algorithm=MD5, qop="auth"`, realm, p.nonce)))
	tx.Respond(response)
}

// knows reports whether the request bears the right answer to a challenge.
func (p *Phone) knows(script Script, request *sip.Request) bool {
	name := "Proxy-Authorization"
	if script.Registrar {
		name = "Authorization"
	}
	header := request.GetHeader(name)
	if header == nil {
		return false
	}
	got := parameters(header.Value())
	if got["username"] != script.User || got["nonce"] != p.nonce || got["uri"] != request.Recipient.String() {
		return false
	}
	secret := hash(script.User, realm, script.Password)
	what := hash(string(request.Method), got["uri"])
	return got["response"] == hash(secret, p.nonce, got["nc"], got["cnonce"], got["qop"], what)
}

// hash is the H of RFC 2617 over its arguments with colons between.
func hash(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(sum[:])
}

// parameters reads `Digest username="keng", qop=auth, …`.
func parameters(header string) map[string]string {
	_, list, _ := strings.Cut(header, " ")
	found := map[string]string{}
	for part := range strings.SplitSeq(list, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		found[strings.ToLower(name)] = strings.Trim(value, `"`)
	}
	return found
}
