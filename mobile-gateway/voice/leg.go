package voice

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"keng/mobile-gateway/voice/media"
)

// leg is the SIP side of one call: a user agent of its own with a socket of its
// own, from INVITE to the end. A call shares nothing with another one, and what
// belongs to it ends with it.
//
// INVITE, its digest answer, ACK, CANCEL and BYE are used from one goroutine.
// What the callee sends inside the call (BYE, INFO, re-INVITE) comes from sipgo's.
type leg struct {
	attempt
	agent  *sipgo.UserAgent
	client *sipgo.Client
	remote netip.AddrPort // the server's address
	audio  *media.Stream
	log    *slog.Logger

	request *sip.Request // the INVITE, as it was sent last
	invite  sip.ClientTransaction
	inside  string // where requests inside the answered call are sent, "ip:port"

	mu       sync.Mutex // guards what follows, up to the empty line
	id       string     // Call-ID
	contact  *sip.ContactHeader
	answer   *sip.Response // the 200, once it came
	sequence uint32        // CSeq of the last request that we sent in the call
	session  uint64        // version of our last session description

	late   chan *sip.Response // answers to what was given up, such as an INVITE
	digits chan byte          // pressed, by INFO
	hungUp chan struct{}      // closed when the callee has said BYE
	hangUp sync.Once
}

// newLeg prepares a call: it finds the local address from which the server is
// reached, and opens the sockets there. Close must be called.
func newLeg(ctx context.Context, a attempt, log *slog.Logger) (*leg, error) {
	// A connected UDP socket sends nothing; it only asks for the route.
	probe, err := new(net.Dialer).DialContext(ctx, "udp", a.address())
	if err != nil {
		return nil, fmt.Errorf("no way to %s: %w", a.address(), err)
	}
	defer probe.Close()
	local := probe.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	l := &leg{
		attempt: a,
		remote:  probe.RemoteAddr().(*net.UDPAddr).AddrPort(),
		log:     log,
		session: 1,
		late:    make(chan *sip.Response, 16),
		digits:  make(chan byte, 16),
		hungUp:  make(chan struct{}),
	}
	if l.audio, err = media.Listen(local.WithZone(""), nil); err != nil {
		return nil, err
	}
	if err := l.open(local); err != nil {
		l.audio.Close()
		return nil, err
	}
	return l, nil
}

// open makes the user agent and says what it does with requests.
func (l *leg) open(local netip.Addr) error {
	// sipgo logs every parse error with the message in full, and retransmissions as
	// warnings. Of a single call the outcome is what matters, and that we report.
	quiet := slog.New(slog.DiscardHandler)
	agent, err := sipgo.NewUA(
		sipgo.WithUserAgent("Keng"),
		sipgo.WithUserAgentHostname(local.String()),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(
			sip.WithTransactionLayerLogger(quiet),
			sip.WithTransactionLayerUnhandledResponseHandler(func(response *sip.Response) {
				select {
				case l.late <- response:
				default: // nobody has given up waiting
				}
			}),
			sip.WithTransactionLayerTerminateOnConnClose(),
		),
	)
	if err != nil {
		return fmt.Errorf("SIP user agent: %w", err)
	}
	l.agent = agent
	// rport (RFC 3581): answers come back to the port we sent from, NAT or not.
	l.client, err = sipgo.NewClient(agent, sipgo.WithClientLogger(quiet), sipgo.WithClientNAT())
	if err != nil {
		return fmt.Errorf("SIP client: %w", err)
	}
	server, err := sipgo.NewServer(agent, sipgo.WithServerLogger(quiet))
	if err != nil {
		return fmt.Errorf("SIP server: %w", err)
	}
	server.OnBye(l.onBye)
	server.OnInfo(l.onInfo)
	server.OnInvite(l.onReinvite)
	server.OnAck(func(*sip.Request, sip.ServerTransaction) {})
	server.OnOptions(func(request *sip.Request, tx sip.ServerTransaction) {
		tx.Respond(sip.NewResponseFromRequest(request, sip.StatusOK, "OK", nil))
	})
	return nil
}

// dial sends the INVITE. ctx bounds only the connecting.
func (l *leg) dial(ctx context.Context) error {
	request, contact := l.newInvite()
	if err := sipgo.ClientRequestBuild(l.client, request); err != nil {
		return fmt.Errorf("INVITE: %w", err)
	}
	tx, err := l.agent.TransactionLayer().NewClientTransaction(ctx, request)
	if err != nil {
		return fmt.Errorf("no connection to %s: %w", l.address(), err)
	}
	// The port is known only now that there is a connection, and must be in the
	// Contact before the INVITE leaves.
	_, contact.Address.Port, err = sip.ParseAddr(tx.Connection().LocalAddr().String())
	if err != nil {
		tx.Terminate()
		return fmt.Errorf("local address: %w", err)
	}
	if l.transport() == "udp" {
		request.Laddr.Port = contact.Address.Port // whatever we send in this call leaves from there
	}
	l.mu.Lock()
	l.id, l.sequence = request.CallID().Value(), request.CSeq().SeqNo
	l.contact = contact.Clone()
	l.mu.Unlock()
	if err := tx.Init(); err != nil {
		tx.Terminate()
		return fmt.Errorf("INVITE to %s: %w", l.address(), err)
	}
	l.request, l.invite = request, tx
	return nil
}

// newInvite makes the INVITE, complete but for the port in its Contact.
func (l *leg) newInvite() (*sip.Request, *sip.ContactHeader) {
	// No transport parameter: the digest answer must name the same URI, and sipgo
	// leaves parameters out of that.
	callee := l.callee
	callee.UriParams = nil
	request := sip.NewRequest(sip.INVITE, callee)
	request.SetTransport(sip.NetworkToUpper(l.transport()))
	request.SetDestination(l.remote.String())
	local := l.audio.Addr()
	request.Laddr = sip.Addr{IP: local.Addr().AsSlice()}
	request.AppendHeader(l.from(local.Addr()))
	contact := &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: l.caller, Host: local.Addr().String(), UriParams: sip.NewParams()}}
	contact.Address.UriParams.Add("transport", l.transport())
	request.AppendHeader(contact)
	request.AppendHeader(sip.NewHeader("Allow", "INVITE, ACK, CANCEL, BYE, INFO, OPTIONS"))
	request.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	request.SetBody(media.Offer(local).Marshal(l.session))
	return request, contact
}

// from says who calls: at a trunk our account or number in its domain, else at
// our own address.
func (l *leg) from(local netip.Addr) *sip.FromHeader {
	host := l.server.Host
	if l.user == "" {
		host = local.String()
	}
	from := &sip.FromHeader{DisplayName: "Keng", Address: sip.Uri{Scheme: "sip", User: l.caller, Host: host}, Params: sip.NewParams()}
	from.Params.Add("tag", sip.GenerateTagN(16))
	return from
}

// authenticate repeats the INVITE with the answer to a digest challenge.
func (l *leg) authenticate(ctx context.Context, challenge *sip.Response) error {
	// A clone: the old transaction may still write its request's headers in an ACK.
	request := l.request.Clone()
	tx, err := l.client.TransactionDigestAuth(ctx, request, challenge, sipgo.DigestAuth{Username: l.user, Password: l.password})
	if err != nil {
		return fmt.Errorf("digest challenge of %s: %w", l.name, err)
	}
	l.invite.Terminate()
	l.request, l.invite = request, tx
	l.mu.Lock()
	l.sequence = request.CSeq().SeqNo
	l.mu.Unlock()
	return nil
}

// accept acknowledges the 200 that answers the INVITE, now and whenever it comes
// again, and begins with the audio if the answer is one that we can speak to.
func (l *leg) accept(answer *sip.Response) error {
	l.inside = insideAddress(answer, l.remote)
	l.mu.Lock()
	l.answer = answer
	l.mu.Unlock()
	ack := l.inCall(sip.ACK)
	l.invite.OnRetransmission(func(again *sip.Response) {
		if again.IsSuccess() {
			l.client.WriteRequest(ack.Clone(), withVia)
		}
	})
	if err := l.client.WriteRequest(ack.Clone(), withVia); err != nil {
		return fmt.Errorf("ACK: %w", err)
	}
	description, err := media.ParseSDP(answer.Body())
	if err != nil {
		return err
	}
	l.audio.Start(l.peer(description))
	return nil
}

// peer is the other end of the audio that a session description tells of.
func (l *leg) peer(d media.Description) media.Peer {
	return media.Peer{Audio: d.Audio, Signalling: l.remote.Addr().Unmap(), Codec: d.Codecs[0], Event: d.Event}
}

// cancel takes the INVITE back. It may be sent only once a provisional answer
// has come (RFC 3261 §9.1).
func (l *leg) cancel() {
	cancel := sip.NewRequest(sip.CANCEL, *l.request.Recipient.Clone())
	cancel.AppendHeader(sip.HeaderClone(l.request.Via()))
	cancel.AppendHeader(sip.HeaderClone(l.request.From()))
	cancel.AppendHeader(sip.HeaderClone(l.request.To()))
	cancel.AppendHeader(sip.HeaderClone(l.request.CallID()))
	cancel.AppendHeader(&sip.CSeqHeader{SeqNo: l.request.CSeq().SeqNo, MethodName: sip.CANCEL})
	cancel.SetDestination(l.remote.String())
	l.send(cancel)
}

// bye ends an answered call.
func (l *leg) bye() { l.send(l.inCall(sip.BYE)) }

// send sends a request of which nothing depends but the callee's peace, and waits
// for its answer as long as that takes, at most goodbyeTime.
func (l *leg) send(request *sip.Request) {
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeTime)
	defer cancel()
	l.complete(request)
	option := withVia
	if request.IsCancel() {
		option = func(*sipgo.Client, *sip.Request) error { return nil } // it has the INVITE's
	}
	if _, err := l.client.Do(ctx, request, option); err != nil {
		l.log.Debug("no answer to a SIP request", "method", request.Method, "line", l.name, "error", err)
	}
}

// complete fills in what every request has.
func (l *leg) complete(request *sip.Request) {
	hops := sip.MaxForwardsHeader(70)
	if request.MaxForwards() == nil {
		request.AppendHeader(&hops)
	}
	request.SetTransport(l.request.Transport())
	request.Laddr = l.request.Laddr
	request.SetBody(nil)
}

func withVia(client *sipgo.Client, request *sip.Request) error {
	return sipgo.ClientRequestAddVia(client, request)
}

// Close frees everything. It sends nothing.
//
// It closes the sockets themselves: sipgo's own Close makes its reference counts
// negative and warns of that in the program's log.
func (l *leg) Close() {
	l.audio.Close()
	l.agent.TransactionLayer().Close()
	for _, address := range []string{l.remote.String(), l.inside} {
		connection, err := l.agent.TransportLayer().GetConnection(l.transport(), address)
		if err != nil {
			continue // never opened, or closed by the other side
		}
		switch c := connection.(type) {
		case *sip.UDPConnection:
			c.PacketConn.Close()
		case *sip.TCPConnection:
			c.Conn.Close()
		}
	}
}
