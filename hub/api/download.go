package api

import (
	"encoding/hex"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"keng/hub/state"
)

const (
	// blobOpenTimeout is how long a file may take to come from another node.
	blobOpenTimeout = 30 * time.Second
	// downloadStall is how long a caller may take for a part of a download, and downloadTimeout for
	// all of it.
	downloadStall, downloadTimeout = 30 * time.Second, 15 * time.Minute
)

// downloadsAtOnce is how many downloads a node serves at once, whatever links they come by: a link needs no
// key, and each takes a connection for as long as downloadTimeout.
const downloadsAtOnce = 100

// unknownType is the media type of whatever is not shown as what it is.
const unknownType = "application/octet-stream"

// shownTypes are the media types that a file is served as, if its bytes say so: of none of them
// does a browser run anything. What is attached may be made by strangers.
var shownTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain; charset=utf-8"}

// mediaType finds out from the first 512 bytes of a file as what it is served.
func mediaType(start []byte) string {
	if found := http.DetectContentType(start); slices.Contains(shownTypes, found) {
		return found
	}
	return unknownType
}

// disposition returns the header by which a file gets its name (RFC 6266, with RFC 8187 for what
// is not ASCII). Pictures and text may be looked at in place.
func disposition(x *state.Attachment) string {
	how := "attachment"
	if strings.HasPrefix(x.Type, "image/") || strings.HasPrefix(x.Type, "text/") {
		how = "inline"
	}
	return mime.FormatMediaType(how, map[string]string{"filename": x.Name})
}

// download is a file as an answer. It is closed by serve.
type download struct {
	file    state.Attachment
	content io.ReadSeekCloser
	done    func() // there is room for another
}

func (*download) fill(*envelope) int { return http.StatusOK }

// serve writes the file, or the part of it that is asked for, and returns the HTTP code.
func (d *download) serve(w http.ResponseWriter, r *http.Request) int {
	defer d.done()
	defer func() { _ = d.content.Close() }()
	h := w.Header()
	h.Set("Content-Type", d.file.Type)
	h.Set("Content-Disposition", disposition(&d.file))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("ETag", `"`+hex.EncodeToString(d.file.Hash)+`"`)
	out := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	control := http.NewResponseController(w)
	http.ServeContent(out, r, "", d.file.At, &paced{ReadSeeker: d.content, end: time.Now().Add(downloadTimeout), extend: control.SetWriteDeadline})
	return out.status
}

// statusWriter remembers the HTTP code of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader writes the code.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// paced is a file of which each part must be taken before the next is read: who takes none is let go.
type paced struct {
	io.ReadSeeker
	end    time.Time
	extend func(time.Time) error
}

// Read reads a part.
func (p *paced) Read(b []byte) (int, error) {
	deadline := time.Now().Add(downloadStall)
	if deadline.After(p.end) {
		deadline = p.end
	}
	_ = p.extend(deadline) // where there is no connection there is nobody who is slow
	return p.ReadSeeker.Read(b)
}
