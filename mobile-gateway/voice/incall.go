package voice

import (
	"github.com/emiago/sipgo/sip"

	"keng/mobile-gateway/voice/media"
)

// onBye: the callee hung up.
func (l *leg) onBye(request *sip.Request, tx sip.ServerTransaction) {
	if !l.mine(request) {
		refuse(request, tx, sip.StatusCallTransactionDoesNotExists, "Call Does Not Exist")
		return
	}
	tx.Respond(sip.NewResponseFromRequest(request, sip.StatusOK, "OK", nil))
	l.hangUp.Do(func() { close(l.hungUp) })
}

// onInfo: a digit, perhaps. Anything else that INFO is used for (picture updates,
// flash hooks) is politely taken and ignored.
func (l *leg) onInfo(request *sip.Request, tx sip.ServerTransaction) {
	if !l.mine(request) {
		refuse(request, tx, sip.StatusCallTransactionDoesNotExists, "Call Does Not Exist")
		return
	}
	tx.Respond(sip.NewResponseFromRequest(request, sip.StatusOK, "OK", nil))
	kind := request.ContentType()
	if kind == nil {
		return
	}
	if key, ok := media.ParseInfo(kind.Value(), request.Body()); ok {
		select {
		case l.digits <- key:
		default: // nobody presses so fast
		}
	}
}

// onReinvite: the callee's side moves the audio (a PBX that steps out of its way,
// hold and resume) or asks whether we are still there.
func (l *leg) onReinvite(request *sip.Request, tx sip.ServerTransaction) {
	if !l.mine(request) {
		// Nobody calls a gateway; its ports are those of calls that it placed.
		refuse(request, tx, sip.StatusForbidden, "Forbidden")
		return
	}
	ours := media.Offer(l.audio.Addr())
	if len(request.Body()) > 0 {
		theirs, err := media.ParseSDP(request.Body())
		if err != nil {
			refuse(request, tx, sip.StatusNotAcceptableHere, "Not Acceptable Here")
			return
		}
		l.audio.Start(l.peer(theirs))
		ours = theirs.Answer(l.audio.Addr())
	}
	l.mu.Lock()
	l.session++
	answer := sip.NewSDPResponseFromRequest(request, ours.Marshal(l.session))
	l.mu.Unlock()
	answer.AppendHeader(sip.HeaderClone(l.contact))
	tx.Respond(answer)
}

// mine reports whether a request belongs to this call, which must have been
// answered. The Call-ID is ours and random, so a stranger cannot know it.
func (l *leg) mine(request *sip.Request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := request.CallID()
	return l.answer != nil && id != nil && id.Value() == l.id
}

func refuse(request *sip.Request, tx sip.ServerTransaction, status int, reason string) {
	tx.Respond(sip.NewResponseFromRequest(request, status, reason, nil))
}
