package client

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"

	"keng/hub/core"
)

// Attachment is a file that is attached to an alert.
type Attachment struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// attachments returns the path of what is attached to an alert, or of one of that.
func (r Ref) attachments(one string) string {
	return "/v2/alerts/" + url.PathEscape(r.value) + "/attachments" + one + "?alertIdentifierType=" + r.kind
}

func attachmentPath(id int64) string { return "/" + strconv.FormatInt(id, 10) }

// form is a body that is sent as the form that it is.
type form struct {
	contentType string
	content     []byte
}

// AddAttachment attaches a file of at most 20 MiB to an alert, and returns its id. It is done when this returns. user
// may be "".
func (c *Client) AddAttachment(ctx context.Context, ref Ref, name string, content []byte, user string) (id int64, err error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if user != "" {
		if err := w.WriteField("user", user); err != nil {
			return 0, err
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		return 0, err
	}
	if _, err := part.Write(content); err != nil {
		return 0, err
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	var out struct {
		ID string `json:"id"`
	}
	if _, err := c.call(ctx, http.MethodPost, ref.attachments(""), form{w.FormDataContentType(), body.Bytes()}, &out); err != nil {
		return 0, err
	}
	return strconv.ParseInt(out.ID, 10, 64)
}

// Attachments returns what is attached to an alert, the oldest first.
func (c *Client) Attachments(ctx context.Context, ref Ref) ([]Attachment, error) {
	var all []Attachment
	_, err := c.call(ctx, http.MethodGet, ref.attachments(""), nil, &all)
	return all, err
}

// AttachmentLink returns where an attachment can be had without a key, for 15 minutes.
func (c *Client) AttachmentLink(ctx context.Context, ref Ref, id int64) (link string, err error) {
	var out struct {
		URL string `json:"url"`
	}
	_, err = c.call(ctx, http.MethodGet, ref.attachments(attachmentPath(id)), nil, &out)
	return out.URL, err
}

// ReadAttachment returns the bytes of an attachment, from the hub that this client calls, whatever the
// address is that the link names.
func (c *Client) ReadAttachment(ctx context.Context, ref Ref, id int64) ([]byte, error) {
	link, err := c.AttachmentLink(ctx, ref, id)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(link)
	if err != nil {
		return nil, &core.Error{Words: "the hub has told of no proper link: " + err.Error()}
	}
	return c.fetch(ctx, u.EscapedPath())
}

// DeleteAttachment takes a file off an alert. user may be "".
func (c *Client) DeleteAttachment(ctx context.Context, ref Ref, id int64, user string) error {
	path := ref.attachments(attachmentPath(id))
	if user != "" {
		path += "&user=" + url.QueryEscape(user)
	}
	_, err := c.call(ctx, http.MethodDelete, path, nil, nil)
	return err
}
