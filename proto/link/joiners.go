package link

import (
	"context"
	"errors"
	"net"
	"time"

	"keng/proto/link/linkpb"
)

// What a joiner is told when it is not the joiner's fault.
const (
	joinBusy   = "the hub certifies many machines at the moment; try again in a minute"
	joinFailed = "the hub could not certify this machine; its log says why; try again later"
)

// receiveJoiner answers the one request of a joiner. Nobody has vouched for it
// yet: everything is bounded, in time and in size.
func (s *server) receiveJoiner(ctx context.Context, w wire) {
	ctx, cancel := context.WithTimeout(ctx, 2*helloTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		w.CloseWithError(CodeSlow, "no request in time")
	})
	defer stop()
	if err := s.answerJoiner(ctx, w); err != nil {
		s.cfg.Logger.Info("link: a joiner is not answered", "remote", w.RemoteAddr().String(), "error", err)
		code := codeOf(err)
		if errors.Is(err, errNotNow) {
			code = CodeGoingAway
		}
		w.CloseWithError(code, shorten(err.Error()))
		return
	}
	// The joiner closes when it has read the reply.
	w.linger(goodbyeWait)
	w.CloseWithError(CodeDone, "")
}

func (s *server) answerJoiner(ctx context.Context, w wire) error {
	if err := w.ready(ctx); err != nil {
		return tooSlow(err)
	}
	var m linkpb.JoinRequest
	if err := readMessage(w, &m); err != nil {
		return tooSlow(err)
	}
	reply, err := s.decide(ctx, &m, w)
	if err != nil {
		return err
	}
	if reply.Now.IsZero() {
		reply.Now = time.Now()
	}
	if err := writeMessage(w, reply.message()); err != nil {
		return tooSlow(err)
	}
	return w.CloseWrite()
}

// decide asks the hub, a bounded number of times at once. An error is one that passes, of
// a renewal with proof.
func (s *server) decide(ctx context.Context, m *linkpb.JoinRequest, w wire) (JoinReply, error) {
	renews := len(m.Expired) > 0
	select {
	case s.joins <- struct{}{}:
		defer func() { <-s.joins }()
	default:
		if renews {
			return JoinReply{}, errNotNow
		}
		return JoinReply{Refused: joinBusy}, nil
	}
	if renews {
		return s.decideExpired(ctx, m, w.TLS())
	}
	return s.decideJoin(ctx, m, w.RemoteAddr()), nil
}

// decideJoin answers who joins with a token.
func (s *server) decideJoin(ctx context.Context, m *linkpb.JoinRequest, remote net.Addr) JoinReply {
	request := JoinRequest{Token: m.Token, CSR: m.Csr, Kind: Kind(m.Kind), Name: printable(m.Name)}
	if err := checkJoiner(request.Kind, m.Name); err != nil {
		return JoinReply{Refused: err.Error()}
	}
	if _, err := ParseToken(request.Token); err != nil {
		return JoinReply{Refused: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	reply, err := s.cfg.Join(ctx, request, remote)
	if err != nil {
		s.cfg.Logger.Error("link: cannot certify a joiner", "remote", remote.String(), "error", err)
		return JoinReply{Refused: joinFailed}
	}
	return reply
}
