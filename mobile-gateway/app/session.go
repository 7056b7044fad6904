package app

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/mobile-gateway/pager"
	"keng/proto/gatewaypb"
)

// lookEvery is how often a session asks whether silence has made reports due.
const lookEvery = time.Second

// conn is what a session needs of a [link.Conn]: ordered, whole messages, and an
// error once the connection has ended.
type conn interface {
	Send(messages ...proto.Message) error
	Receive(m proto.Message) error
}

// serve speaks with one hub until the connection ends. ctx is the connection's.
func serve(ctx context.Context, c conn, p *pager.Pager) error {
	line := p.Connect()
	defer line.Close()
	if err := c.Send(abilities(p)); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	heard := make(chan error, 1)
	go func() { // ends with the connection, which ends with this session
		heard <- listen(c, line)
		stop()
	}()
	if err := tell(ctx, c, line); err != nil {
		return err
	}
	return <-heard
}

func abilities(p *pager.Pager) *gatewaypb.FromGateway {
	a := &gatewaypb.Abilities{Term: p.Term(), InFlight: p.InFlight()}
	for _, kind := range p.Kinds() {
		a.Kinds = append(a.Kinds, string(kind))
	}
	return &gatewaypb.FromGateway{Kind: &gatewaypb.FromGateway_Abilities{Abilities: a}}
}

// listen does what the hub says. A message of a later version is passed over.
func listen(c conn, line *pager.Line) error {
	for {
		var m gatewaypb.ToGateway
		if err := c.Receive(&m); err != nil {
			return err
		}
		switch kind := m.Kind.(type) {
		case *gatewaypb.ToGateway_Page:
			line.Page(kind.Page.Channel())
		case *gatewaypb.ToGateway_Cancel:
			line.Cancel(kind.Cancel.GetId(), kind.Cancel.GetTerm())
		case *gatewaypb.ToGateway_ReportAck:
			line.Ack(kind.ReportAck.GetPage(), kind.ReportAck.GetThrough())
		}
	}
}

// tell sends reports as they become due. It returns nil when ctx ends.
func tell(ctx context.Context, c conn, line *pager.Line) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		for _, report := range line.Due(time.Now()) {
			message := &gatewaypb.FromGateway{Kind: &gatewaypb.FromGateway_Report{Report: gatewaypb.FromReport(report)}}
			if err := c.Send(message); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-line.Wake():
		case <-ticker.C:
		}
	}
}
