package api

import (
	"context"
	"encoding/binary"
	"io"
	"strconv"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// Blobs keeps the bytes of files, beside the state. It is safe for concurrent use. Errors of kind
// [core.Unavailable] mean "not now".
type Blobs interface {
	// PutBlob keeps what r gives, on the disks of a majority when it returns, and returns its
	// SHA-256 and its size in bytes. An error of r's it returns as it is.
	PutBlob(ctx context.Context, r io.Reader) (hash [32]byte, size int64, err error)
	// OpenBlob opens what was kept. The caller closes it.
	OpenBlob(ctx context.Context, hash [32]byte) (io.ReadSeekCloser, error)
}

// AttachmentLinkLife is for how long a link to what is attached works.
const AttachmentLinkLife = 15 * time.Minute

// attachmentsPath is where such links lead, with a token behind it.
const attachmentsPath = "/keng/v1/attachments/"

// attachmentRoutes is the part of the table about files that are attached to alerts. Unlike other
// changes of alerts these are answered when they are done, with what became of them.
func attachmentRoutes() []route {
	const all, one = "/v2/alerts/{identifier...}/attachments", "/v2/alerts/{identifier...}/attachments/{attachmentId}"
	return []route{
		{"POST", all, state.Write, false, alertDomain, createAttachment},
		{"GET", all, state.Read, false, alertDomain, on((*API).listAttachments)},
		{"GET", one, state.Read, false, alertDomain, on((*API).getAttachment)},
		{"DELETE", one, state.Write, false, alertDomain, change(deleteAttachment, deleted[state.Nothing])},
		{"GET", attachmentsPath + "{token}", anyone, false, noDomain, on((*API).downloadAttachment)},
	}
}

// attachmentIn names an alert, or one of the files that are attached to it.
type attachmentIn struct {
	asked state.Asked
	id    uint64 // 0: none that there can be
	base  string
}

func (in *attachmentIn) read(c *call) {
	in.asked = state.Asked{Alert: c.alertOfAttachments(), User: c.given("user"), Source: c.source(), Integration: c.key.ID}
	c.limit("user", in.asked.User, alert.UserMax)
	in.id, _ = strconv.ParseUint(c.params["attachmentId"], 10, 63)
	in.base = c.base
}

// attachmentLine is an attachment in a list. The id is a number, as the Go client needs it; other
// replies have it as text.
type attachmentLine struct {
	ID   uint64 `json:"id"`
	Name string `json:"name"`
}

func (a *API) listAttachments(ctx context.Context, in *attachmentIn) (*page[attachmentLine], error) {
	var out *page[attachmentLine]
	err := a.look(ctx, func(tx table.Reader) error {
		out = &page[attachmentLine]{}
		row, err := findAlert(tx, in.asked.Alert)
		if err != nil {
			return err
		}
		for x := range state.AttachmentsOf(tx, row.ID) {
			out.of = append(out.of, attachmentLine{x.ID, x.Name})
		}
		return nil
	})
	return out, err
}

// attachmentLink is an attachment with where it can be had for a while.
type attachmentLink struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

func (a *API) getAttachment(ctx context.Context, in *attachmentIn) (*data[attachmentLink], error) {
	var out data[attachmentLink]
	err := a.look(ctx, func(tx table.Reader) error {
		row, err := findAlert(tx, in.asked.Alert)
		if err != nil {
			return err
		}
		x, err := state.AttachmentOf(tx, row.ID, in.id)
		if err != nil {
			return err
		}
		out.of = attachmentLink{x.Name, in.base + attachmentsPath + a.linkToken(attachmentLinks, attachmentPayload(x.ID), AttachmentLinkLife)}
		return nil
	})
	return &out, err
}

func deleteAttachment(in *attachmentIn) state.DeleteAttachment {
	return state.DeleteAttachment{Asked: in.asked, Attachment: in.id}
}

// attachmentPayload returns what a link bears: the attachment's id.
func attachmentPayload(id uint64) []byte { return binary.BigEndian.AppendUint64(nil, id) }

// tokenIn is a link.
type tokenIn struct{ token string }

func (in *tokenIn) read(c *call) { in.token = c.params["token"] }

func (a *API) downloadAttachment(ctx context.Context, in *tokenIn) (*download, error) {
	payload, err := a.followLink(attachmentLinks, in.token, len(attachmentPayload(0)), "attachment")
	if err != nil {
		return nil, err
	}
	id := binary.BigEndian.Uint64(payload)
	if a.Blobs == nil {
		return nil, noBlobs()
	}
	var row state.Attachment
	err = a.look(ctx, func(tx table.Reader) error {
		x, ok := state.Attachments.Get(tx, table.K().Uint64(id))
		if !ok {
			return core.Missing("Attachment", strconv.FormatUint(id, 10))
		}
		row = *x
		return nil
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, blobOpenTimeout)
	defer cancel()
	content, err := a.Blobs.OpenBlob(ctx, [32]byte(row.Hash))
	return &download{row, content}, err
}

func noBlobs() error {
	return &core.Error{Kind: core.Unavailable, Words: "This hub keeps no attachments."}
}
