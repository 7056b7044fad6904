package voice

import (
	"fmt"

	"github.com/emiago/sipgo/sip"

	"keng/proto/channel"
)

// verdict is the fate of one attempt over one line.
type verdict struct {
	channel.Report
	// another says that the fault lies with the line, not with the person: the next
	// line may work.
	another bool
}

// refused is the verdict on a final answer that is no success. It moves on to the next
// line or the person's next method; none strikes the contact off for good. A trunk whose
// dialling plan is wrong answers 404 to every number, and everybody would be buried by
// one mistake; a number that is really dead costs each page one short call.
func refused(response *sip.Response) verdict {
	failure, another := judge(response.StatusCode)
	detail := fmt.Sprintf("%d %.80s", response.StatusCode, response.Reason)
	switch response.StatusCode {
	case sip.StatusUnauthorized, sip.StatusProxyAuthRequired:
		detail += " (it refuses our user or password)"
	}
	return verdict{failed(failure, detail), another}
}

// judge says what a final SIP status means for the page (RFC 3261 §21), and
// whether another line may do better.
func judge(status int) (failure channel.Failure, another bool) {
	switch status {
	case 486, 600: // Busy Here, Busy Everywhere
		return channel.Busy, false
	case 603, 607, 608: // Decline, Unwanted (RFC 8197), Rejected (RFC 8688)
		return channel.Declined, false
	case 408, 480, 487: // Request Timeout, Temporarily Unavailable, Request Terminated
		return channel.Unanswered, false
	case 404, 410, 484: // Not Found, Gone, Address Incomplete: as this line sees it
		return channel.Refused, true
	case 401, 403, 407, 488: // it does not know us, or allows neither us nor our codecs
		return channel.Refused, true
	}
	if status >= 500 && status < 600 {
		return channel.Unavailable, true
	}
	return channel.Refused, false
}
