package siptest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// bindTries is how often a free port is looked for that UDP and TCP have both free.
const bindTries = 20

// Phone is a running telephone. Its methods are safe for concurrent use.
type Phone struct {
	agent   *sipgo.UserAgent
	dialogs *sipgo.DialogServerCache
	udp     net.PacketConn
	tcp     net.Listener
	port    int
	nonce   string // of its digest challenges

	life context.Context // ends with Close
	end  context.CancelFunc
	wait sync.WaitGroup // servers and calls

	mu      sync.Mutex // guards what follows
	closed  bool
	script  Script
	calls   []*call
	changed chan struct{} // closed, and replaced, when a call changes
}

// Start starts a phone on a free port of 127.0.0.1.
func Start(script Script) (*Phone, error) {
	p := &Phone{script: script, changed: make(chan struct{}), nonce: sip.GenerateTagN(16)}
	if err := p.bind(); err != nil {
		return nil, err
	}
	p.life, p.end = context.WithCancel(context.Background())
	server, err := p.open()
	if err != nil {
		p.udp.Close()
		p.tcp.Close()
		return nil, err
	}
	// Both return when their listeners are closed.
	p.wait.Go(func() { server.ServeUDP(p.udp) })
	p.wait.Go(func() { server.ServeTCP(p.tcp) })
	return p, nil
}

// bind opens the same port for UDP and TCP.
func (p *Phone) bind() error {
	var err error
	for range bindTries {
		if p.udp, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("siptest: %w", err)
		}
		if p.tcp, err = net.Listen("tcp", p.udp.LocalAddr().String()); err == nil {
			p.port = p.udp.LocalAddr().(*net.UDPAddr).Port
			return nil
		}
		p.udp.Close()
	}
	return fmt.Errorf("siptest: no port is free for both UDP and TCP: %w", err)
}

// open makes the user agent and says what it does with requests.
func (p *Phone) open() (*sipgo.Server, error) {
	quiet := slog.New(slog.DiscardHandler)
	agent, err := sipgo.NewUA(
		sipgo.WithUserAgent("siptest"),
		sipgo.WithUserAgentHostname("127.0.0.1"),
		sipgo.WithUserAgentTransportLayerOptions(
			sip.WithTransportLayerLogger(quiet),
			// A dead phone must not even read: sipgo says 100 Trying by itself.
			sip.WithTransportLayerReadFilter(func(_ sip.TransportReadProps, data []byte) ([]byte, error) {
				if p.now().Fate == Dead {
					return nil, nil
				}
				return data, nil
			}),
		),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet)),
	)
	if err != nil {
		return nil, fmt.Errorf("siptest: %w", err)
	}
	client, err := sipgo.NewClient(agent, sipgo.WithClientLogger(quiet), sipgo.WithClientConnectionAddr(p.udp.LocalAddr().String()))
	if err != nil {
		return nil, fmt.Errorf("siptest: %w", err)
	}
	server, err := sipgo.NewServer(agent, sipgo.WithServerLogger(quiet))
	if err != nil {
		return nil, fmt.Errorf("siptest: %w", err)
	}
	p.agent = agent
	p.dialogs = sipgo.NewDialogServerCache(client, sip.ContactHeader{
		Address: sip.Uri{Scheme: "sip", User: "phone", Host: "127.0.0.1", Port: p.port},
	})
	server.OnInvite(p.onInvite)
	server.OnAck(func(request *sip.Request, tx sip.ServerTransaction) { p.dialogs.ReadAck(request, tx) })
	server.OnBye(func(request *sip.Request, tx sip.ServerTransaction) {
		if err := p.dialogs.ReadBye(request, tx); err != nil {
			tx.Respond(sip.NewResponseFromRequest(request, 481, "Call Does Not Exist", nil))
		}
	})
	return server, nil
}

// URI is what to call: the phone's address, over UDP.
func (p *Phone) URI() string { return fmt.Sprintf("sip:phone@127.0.0.1:%d;transport=udp", p.port) }

// Server is the phone's address as that of a trunk; transport is "udp" or "tcp".
func (p *Phone) Server(transport string) string {
	return fmt.Sprintf("sip:127.0.0.1:%d;transport=%s", p.port, transport)
}

// SetScript changes how the phone behaves, from the next call on (but Dead and
// not Dead at once, for everything).
func (p *Phone) SetScript(script Script) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = script
}

// now returns the present script.
func (p *Phone) now() Script {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.script
}

// Calls returns what the phone remembers of all its calls, in their order.
func (p *Phone) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.copies()
}

// copies returns copies of all calls. The caller holds mu.
func (p *Phone) copies() []Call {
	var copies []Call
	for _, c := range p.calls {
		record := c.record
		record.Audio, record.Lost = c.recorder.recording(0)
		copies = append(copies, record)
	}
	return copies
}

// Wait waits until pred holds of the calls. pred is called after every change,
// and ten times a second while the phone listens; it must not call the phone. The
// error is ctx's, with what the phone remembers.
func (p *Phone) Wait(ctx context.Context, pred func([]Call) bool) error {
	for {
		p.mu.Lock()
		calls, changed := p.copies(), p.changed
		p.mu.Unlock()
		if pred(calls) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("siptest: what was waited for did not happen: %w; the phone remembers %d calls%s", ctx.Err(), len(calls), summary(calls))
		}
	}
}

func summary(calls []Call) string {
	if len(calls) == 0 {
		return ""
	}
	c := calls[len(calls)-1]
	return fmt.Sprintf(", the last from %s: answered %t, over %t (by %q), pressed %q, heard %s of audio",
		c.From, !c.Answered.IsZero(), c.Over(), c.EndedBy, c.Pressed, time.Duration(len(c.Audio))*time.Second/8000)
}

// change changes a call's record, and wakes who waits for that.
func (p *Phone) change(c *call, how func(*Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how(&c.record)
	close(p.changed)
	p.changed = make(chan struct{})
}

// Close hangs up all calls and stops the phone.
func (p *Phone) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.end()
	p.endCalls()
	err := errors.Join(p.agent.Close(), ignoreClosed(p.udp.Close()), ignoreClosed(p.tcp.Close()))
	p.wait.Wait()
	return err
}

// endCalls waits until the calls have ended, which needs the servers.
func (p *Phone) endCalls() {
	p.mu.Lock()
	calls := append([]*call(nil), p.calls...)
	p.mu.Unlock()
	for _, c := range calls {
		<-c.done
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
