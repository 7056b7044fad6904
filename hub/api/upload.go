package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"keng/hub/core/alert"
	"keng/hub/state"
	"keng/raftstore/table"
)

// The bounds of an upload.
const (
	uploadMore    = 64 << 10         // bytes of a body besides the file
	uploadParts   = 10               // of a form
	uploadStall   = 10 * time.Second // for the next bytes to come
	uploadTimeout = 5 * time.Minute  // for all of them
	replyTimeout  = time.Minute      // for the answer, after the last byte has come
	spreadTimeout = 20 * time.Second // for a majority to have the file, once this node has it
	sniffBytes    = 512
)

// upload is a form with a file that is being read.
type upload struct {
	asked state.Asked
	file  state.AddAttachment
	seen  bool // a file
}

// createAttachment attaches a file to an alert. The file goes to the disk as it comes, never into memory as a whole.
func createAttachment(a *API, ctx context.Context, c *call) (outcome, error) {
	c.body = object{wrong: c.wrong}
	up := upload{asked: state.Asked{Alert: c.alertOfAttachments(), Integration: c.key.ID}}
	if err := c.complaint(); err != nil {
		return nil, err
	}
	if a.Blobs == nil {
		return nil, noBlobs()
	}
	err := a.look(ctx, func(tx table.Reader) error { // before the file is sent in vain
		row, err := findAlert(tx, up.asked.Alert)
		if err != nil {
			return err
		}
		return state.MayAttach(tx, row.ID)
	})
	if err != nil {
		return nil, err
	}
	end, err := a.underWay.upload(ctx, c)
	if err != nil {
		return nil, err
	}
	defer end()
	body := newUploadBody(c)
	c.r.Body = body
	form, err := c.r.MultipartReader()
	if err != nil {
		return nil, malformed("The body must be multipart/form-data with the file in a part named file.")
	}
	if err := a.readUpload(ctx, c, body, form, &up); err != nil {
		return nil, err
	}
	c.need("file", up.seen, "must be there: a part with the file")
	if err := c.complaint(); err != nil {
		return nil, err
	}
	up.asked.Source = c.address()
	up.file.Asked = up.asked
	made, err := do(ctx, a, c.seed, up.file)
	return created(thing{ID: strconv.FormatUint(made.ID, 10)}), err
}

// readUpload reads the parts of a form.
func (a *API) readUpload(ctx context.Context, c *call, body *uploadBody, form *multipart.Reader, up *upload) error {
	for n := 0; ; n++ {
		part, err := form.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return body.explain(err)
		}
		if n == uploadParts {
			return malformed("The form has more than 10 parts.")
		}
		switch name := part.FormName(); {
		case name == "file" && up.seen:
			c.wrong["file"] = "must be one file"
		case name == "file":
			up.seen = true
			if err := a.readFile(ctx, body, part, up); err != nil {
				return err
			}
		case name == "user":
			if up.asked.User, err = c.readField(part, "user", alert.UserMax); err != nil {
				return body.explain(err)
			}
		case name == "indexFile": // a page to begin with, in an archive: nothing opens archives here
			if _, err := c.readField(part, "indexFile", alert.AttachmentNameMax); err != nil {
				return body.explain(err)
			}
		}
	}
}

// readField reads a part that is a text of so many characters at most.
func (c *call) readField(part *multipart.Part, name string, most int) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(part, int64(most*utf8.UTFMax)+1))
	if err != nil {
		return "", err
	}
	text := strings.ToValidUTF8(string(raw), "\uFFFD")
	c.limit(name, text, most)
	return text, nil
}

// readFile has a file kept.
func (a *API) readFile(ctx context.Context, body *uploadBody, part *multipart.Part, up *upload) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	content := bufio.NewReaderSize(&fileReader{part: part, body: body, whole: func() { time.AfterFunc(spreadTimeout, cancel) }}, sniffBytes)
	start, err := content.Peek(sniffBytes)
	if err != nil && err != io.EOF {
		return err
	}
	// What is cut off would be cut off later, too, but only after it had been sent to the leader.
	up.file.Name, up.file.Type = alert.AttachmentName(part.FileName()), mediaType(start)
	hash, size, err := a.Blobs.PutBlob(ctx, content)
	up.file.Hash, up.file.Size = hash[:], size
	return err
}

// fileReader is the file in a form. It tells when it has come as a whole, and fails when it is too large.
type fileReader struct {
	part  io.Reader
	body  *uploadBody
	whole func()
	size  int64
	done  bool
}

// Read reads a part.
func (f *fileReader) Read(b []byte) (int, error) {
	n, err := f.part.Read(b)
	if f.size += int64(n); f.size > alert.AttachmentMax {
		return n, fileTooLarge()
	}
	switch {
	case err == io.EOF && !f.done:
		f.done = true
		f.whole()
	case err != nil && err != io.EOF:
		return n, f.body.explain(err)
	}
	return n, err
}

func fileTooLarge() *problem {
	return &problem{status: http.StatusRequestEntityTooLarge, typ: "RequestTooLarge", words: "The file is larger than 20 MiB."}
}

// uploadBody is the body of an upload. Who sends nothing for a while is let go.
type uploadBody struct {
	io.ReadCloser
	control *http.ResponseController
	end     time.Time
	err     error // of reading, but for the end
}

func newUploadBody(c *call) *uploadBody {
	return &uploadBody{
		ReadCloser: http.MaxBytesReader(c.w, c.r.Body, alert.AttachmentMax+uploadMore),
		control:    http.NewResponseController(c.w), end: time.Now().Add(uploadTimeout),
	}
}

// Read reads what has come.
func (u *uploadBody) Read(b []byte) (int, error) {
	deadline := time.Now().Add(uploadStall)
	if deadline.After(u.end) {
		deadline = u.end
	}
	// Where there is no connection there is nobody who is slow.
	_ = u.control.SetReadDeadline(deadline)
	_ = u.control.SetWriteDeadline(deadline.Add(replyTimeout))
	n, err := u.ReadCloser.Read(b)
	if err != nil && err != io.EOF {
		u.err = err
	}
	return n, err
}

// explain turns an error of reading a form into an answer.
func (u *uploadBody) explain(err error) *problem {
	if _, big := errors.AsType[*http.MaxBytesError](u.err); big {
		return fileTooLarge()
	}
	if u.err != nil {
		return malformed("The body could not be read: it was cut short or came too slowly.")
	}
	return malformed("The body is not a proper multipart/form-data: " + err.Error() + ".")
}
