package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"keng/proto/channel"
)

// fate turns the error of an attempt into its final report.
func fate(err error) channel.Report {
	failure, _ := errors.AsType[*sendError](err)
	if failure == nil {
		return failed(channel.Unavailable, "the mail server: "+err.Error())
	}
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		why, advice := judge(failure.at, answer.Code, answer.Msg)
		return failed(why, advice+"the mail server says to "+failure.Error())
	}
	switch {
	case errors.Is(err, errNoTLS):
		return failed(channel.Misconfigured, errNoTLS.Error())
	case untrusted(err):
		return failed(channel.Misconfigured, "the mail server's certificate is not to be trusted: name its authority with ca=FILE in --smtp-url, or the server as its certificate does: "+err.Error())
	case failure.at == signingIn:
		return failed(channel.Misconfigured, "cannot sign in at the mail server: check user and password in --smtp-url: "+err.Error())
	case failure.at == content:
		return failed(channel.Unavailable, "the connection to the mail server was lost while it had the mail, which may still arrive: "+err.Error())
	}
	return failed(channel.Unavailable, "the mail server cannot be reached: "+err.Error())
}

// untrusted reports whether TLS failed at the server's certificate.
func untrusted(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	return verification || authority || name
}

// enhanced matches a status code of RFC 3463 at the beginning of a reply.
var enhanced = regexp.MustCompile(`^([245])\.(\d{1,3})\.(\d{1,3})\b`)

// unknownUser matches what servers without enhanced codes say of an address that is not.
var unknownUser = regexp.MustCompile(`(?i)no such (user|mailbox|recipient|address)|(user|recipient|mailbox) (is )?unknown|unknown (user|recipient|mailbox)|(user|mailbox|address) (not found|does ?n[o']t exist)`)

// judge says what a refusal means: RFC 5321, section 4.2, and RFC 3463.
func judge(at stage, code int, words string) (why channel.Failure, advice string) {
	status := enhanced.FindString(words)
	switch {
	case at == signingIn, code == 530, code == 535, code == 534, code == 538:
		return channel.Misconfigured, "check user and password in --smtp-url: "
	case code == 452, slices.Contains([]string{"4.2.2", "4.3.1", "4.5.3"}, status):
		return channel.Overloaded, ""
	case code < 500:
		return channel.Unavailable, ""
	case at == connecting:
		return channel.Unavailable, ""
	case at == sender:
		return channel.Misconfigured, "check user, password and from= in --smtp-url: "
	case at == recipient && deadAddress(code, status, words):
		return channel.DeadContact, "the address does not exist: "
	}
	return channel.Refused, ""
}

// deadAddress reports whether a refused recipient will never work again. Only what says
// so counts: a server that refuses for its policy must not bury anybody's contact.
func deadAddress(code int, status, words string) bool {
	if status != "" {
		return slices.Contains([]string{"5.1.1", "5.1.3", "5.1.6", "5.1.10"}, status)
	}
	return (code == 550 || code == 551 || code == 553) && unknownUser.MatchString(strings.ReplaceAll(words, "\n", " "))
}
