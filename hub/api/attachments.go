package api

import (
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/signed"
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
	in.asked = state.Asked{Alert: c.alertBy("alertIdentifierType"), User: c.given("user"), Source: c.source(), Integration: c.key.ID}
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
		out.of = attachmentLink{x.Name, in.base + attachmentsPath + attachmentToken(a.LinkKey, x.ID, a.Now().Add(AttachmentLinkLife))}
		return nil
	})
	return &out, err
}

func deleteAttachment(in *attachmentIn) state.DeleteAttachment {
	return state.DeleteAttachment{Asked: in.asked, Attachment: in.id}
}

// A link's token bears the attachment's id and the second at which it ends.
const attachmentTokenBytes = 16

func attachmentToken(key [32]byte, id uint64, end time.Time) string {
	return signed.Token(key, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, id), uint64(end.Unix())))
}

// attachmentOfToken returns which attachment a link leads to, if it is one of this cluster's that
// works still.
func attachmentOfToken(key [32]byte, token string, now time.Time) (id uint64, err error) {
	raw, ok := signed.Open(key, token, attachmentTokenBytes)
	if !ok {
		return 0, badLink("This is no link of this hub's. Ask for the attachment again.")
	}
	if end := time.Unix(int64(binary.BigEndian.Uint64(raw[8:])), 0); !now.Before(end) {
		return 0, badLink("This link has expired. Ask for the attachment again.")
	}
	return binary.BigEndian.Uint64(raw), nil
}

func badLink(words string) *problem {
	return &problem{status: http.StatusForbidden, typ: "AccessDenied", words: words}
}

// tokenIn is a link.
type tokenIn struct{ token string }

func (in *tokenIn) read(c *call) { in.token, _ = url.PathUnescape(c.params["token"]) }

func (a *API) downloadAttachment(ctx context.Context, in *tokenIn) (*download, error) {
	id, err := attachmentOfToken(a.LinkKey, in.token, a.Now())
	if err != nil {
		return nil, err
	}
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
