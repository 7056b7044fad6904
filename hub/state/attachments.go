package state

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"strconv"
	"time"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/raftstore/table"
)

// Attachment is a file that somebody has attached to an alert. Its bytes are a blob of the store,
// which was kept before this row was written, and goes after the last row that names it.
type Attachment struct {
	ID          uint64             `cbor:"1,keyasint"` // of all attachments, from 1; never used again
	Alert       core.AlertID       `cbor:"2,keyasint"`
	Name        string             `cbor:"3,keyasint"` // see [alert.AttachmentName]
	Hash        []byte             `cbor:"4,keyasint"` // SHA-256 of the bytes
	Size        int64              `cbor:"5,keyasint"` // bytes
	Type        string             `cbor:"6,keyasint"` // media type, as it was found out from the bytes
	By          string             `cbor:"7,keyasint"` // who has attached it, as the activity log has it
	At          time.Time          `cbor:"8,keyasint"`
	Integration core.IntegrationID `cbor:"9,keyasint,omitempty"`
}

var (
	attachmentsByAlert = table.NewIndex(1, "alert", false, func(a *Attachment) []table.Key {
		return []table.Key{table.K().String(string(a.Alert))}
	})
	attachmentsByHash = table.NewIndex(2, "hash", false, func(a *Attachment) []table.Key {
		return []table.Key{table.K().Bytes(a.Hash)}
	})
)

// Attachments holds what is attached to alerts.
var Attachments = table.New(62, "attachments", func(a *Attachment) table.Key { return attachmentKey(a.ID) }, attachmentsByAlert, attachmentsByHash)

func attachmentKey(id uint64) table.Key { return table.K().Uint64(id) }

// AttachmentsOf gives what is attached to an alert, the oldest first.
func AttachmentsOf(r table.Reader, id core.AlertID) iter.Seq[*Attachment] {
	return attachmentsByAlert.Find(r, table.K().String(string(id)))
}

// AttachmentOf returns what is attached to an alert under an id, or an error of kind
// [core.NotFound].
func AttachmentOf(r table.Reader, of core.AlertID, id uint64) (*Attachment, error) {
	a, ok := Attachments.Get(r, attachmentKey(id))
	if !ok || a.Alert != of {
		return nil, core.Missing("Attachment", strconv.FormatUint(id, 10))
	}
	return a, nil
}

// NamedBlobs gives the hashes of the blobs that the state names, each once.
func NamedBlobs(r table.Reader) iter.Seq[[sha256.Size]byte] {
	return func(yield func([sha256.Size]byte) bool) {
		var last [sha256.Size]byte
		for a := range attachmentsByHash.Find(r, table.K()) {
			hash := [sha256.Size]byte(a.Hash)
			if hash != last && !yield(hash) {
				return
			}
			last = hash
		}
	}
}

// AddAttachment attaches a file, whose bytes the store keeps already, to an alert. Without such
// an alert it is an error of kind [core.NotFound]; with as many attachments as there may be, of kind
// [core.Unacceptable].
type AddAttachment struct {
	Asked Asked  `cbor:"1,keyasint"`
	Name  string `cbor:"2,keyasint"` // as it was given
	Hash  []byte `cbor:"3,keyasint"`
	Size  int64  `cbor:"4,keyasint"`
	Type  string `cbor:"5,keyasint"`
}

func (AddAttachment) number() number { return addAttachment }

func (k AddAttachment) apply(c *change) (Attachment, error) {
	row, ok := FindAlert(c.tx, k.Asked.Alert)
	if !ok {
		return Attachment{}, noSuchAlert()
	}
	if len(k.Hash) != sha256.Size || k.Size < 0 || k.Size > alert.AttachmentMax {
		return Attachment{}, core.Invalid("file", "must be a file of 20 MiB at most")
	}
	if err := MayAttach(c.tx, row.ID); err != nil {
		return Attachment{}, err
	}
	by := k.Asked.by(c)
	a := Attachment{
		ID: c.next("attachment"), Alert: row.ID, Name: alert.AttachmentName(k.Name), Hash: k.Hash, Size: k.Size, Type: k.Type,
		By: by.Name(), At: c.now, Integration: k.Asked.Integration,
	}
	if err := Attachments.Insert(c.tx, &a); err != nil {
		return a, err
	}
	return a, c.follows(row, row.AddAttachment(by, a.Name), nil)
}

// MayAttach reports whether an alert can have one more attachment, by an error of kind
// [core.Unacceptable] if it cannot.
func MayAttach(r table.Reader, id core.AlertID) error {
	n := 0
	for range AttachmentsOf(r, id) {
		if n++; n == alert.AttachmentsMax {
			return core.Invalid("file", fmt.Sprintf("the alert has %d attachments already: delete one first", n))
		}
	}
	return nil
}

// noSuchAlert is the error of a command about an alert that there is not, of one that is answered at
// once.
func noSuchAlert() error {
	return &core.Error{Kind: core.NotFound, Words: string(alert.NoSuchAlert) + "."}
}

// DeleteAttachment takes a file off an alert.
type DeleteAttachment struct {
	Asked      Asked  `cbor:"1,keyasint"`
	Attachment uint64 `cbor:"2,keyasint"`
}

func (DeleteAttachment) number() number { return deleteAttachment }

func (k DeleteAttachment) apply(c *change) (Nothing, error) {
	row, ok := FindAlert(c.tx, k.Asked.Alert)
	if !ok {
		return Nothing{}, noSuchAlert()
	}
	a, err := AttachmentOf(c.tx, row.ID, k.Attachment)
	if err != nil {
		return Nothing{}, err
	}
	Attachments.Delete(c.tx, attachmentKey(a.ID))
	return Nothing{}, c.follows(row, row.DeleteAttachment(k.Asked.by(c), a.Name), nil)
}

// eraseAttachments removes what is attached to an alert while there is room. The store removes
// the blobs when nothing else names them.
func (c *change) eraseAttachments(id core.AlertID, room *int) (all bool) {
	for a := range AttachmentsOf(c.tx, id) {
		if *room <= 0 {
			return false
		}
		Attachments.Delete(c.tx, attachmentKey(a.ID))
		*room--
	}
	return true
}
