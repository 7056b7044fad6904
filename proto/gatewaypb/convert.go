package gatewaypb

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"keng/proto/channel"
)

// FromPage puts a page into its wire form.
func FromPage(p channel.Page) *Page {
	return &Page{
		Id: p.ID, Term: p.Term, SendBy: timestamppb.New(p.SendBy), Kind: string(p.Kind), Address: p.Address,
		Language: string(p.Language), Priority: p.Priority, AlertId: p.AlertID, TinyId: p.TinyID, Sequence: p.Sequence,
		Title: p.Title, Body: p.Body, Repeat: p.Repeat, LateBy: durationpb.New(p.LateBy),
		Alerts: uint32(max(p.Alerts, 0)), Link: p.Link, Code: p.Code,
	}
}

// Channel takes a page out of its wire form. It validates nothing.
func (p *Page) Channel() channel.Page {
	return channel.Page{
		ID: p.GetId(), Term: p.GetTerm(), SendBy: p.GetSendBy().AsTime(), Kind: channel.Kind(p.GetKind()), Address: p.GetAddress(),
		Language: channel.Language(p.GetLanguage()), Priority: p.GetPriority(), AlertID: p.GetAlertId(), TinyID: p.GetTinyId(),
		Sequence: p.GetSequence(), Title: p.GetTitle(), Body: p.GetBody(), Repeat: p.GetRepeat(), LateBy: p.GetLateBy().AsDuration(),
		Alerts: int(p.GetAlerts()), Link: p.GetLink(), Code: p.GetCode(),
	}
}

// FromReport puts a report into its wire form.
func FromReport(r channel.Report) *Report {
	return &Report{
		Page: r.Page, Number: r.Number, At: timestamppb.New(r.At), Stage: string(r.Stage), Failure: string(r.Failure),
		Reply: string(r.Reply), Detail: r.Detail, ProviderId: r.ProviderID,
	}
}

// Channel takes a report out of its wire form, its time in UTC. It validates nothing.
func (r *Report) Channel() channel.Report {
	at := time.Time{}
	if r.GetAt() != nil {
		at = r.GetAt().AsTime()
	}
	return channel.Report{
		Page: r.GetPage(), Number: r.GetNumber(), At: at, Stage: channel.Stage(r.GetStage()), Failure: channel.Failure(r.GetFailure()),
		Reply: channel.Reply(r.GetReply()), Detail: r.GetDetail(), ProviderID: r.GetProviderId(),
	}
}
