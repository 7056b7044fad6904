package alert

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of what is attached to an alert.
const (
	AttachmentsMax    = 50       // to one alert
	AttachmentMax     = 20 << 20 // bytes of a file
	AttachmentNameMax = 255      // bytes of its name, as most file systems have it
)

// attachmentEndingMax is how long the ending of a name may be that is kept when the name is cut.
const attachmentEndingMax = 16

// AttachmentName returns a name that a file can have anywhere and that is what it looks like, for
// one that a stranger has given: the last part of a path, without what is not to be seen
// (controls, marks that turn the direction of writing), and of [AttachmentNameMax] bytes at most.
func AttachmentName(given string) string {
	name := strings.ToValidUTF8(given, "_")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.Is(unicode.Zs, r):
			return ' '
		}
		return -1
	}, name)
	name = strings.Trim(name, " .") // "..", a hidden file, and what Windows would take off
	if len(name) > AttachmentNameMax {
		ending := path.Ext(name)
		if len(ending) > attachmentEndingMax {
			ending = ""
		}
		end := AttachmentNameMax - len(ending)
		for !utf8.RuneStart(name[end]) {
			end--
		}
		name = name[:end] + ending
	}
	if name == "" {
		return "attachment"
	}
	return name
}

// AddAttachment notes that a file was attached.
func (a *Alert) AddAttachment(by By, name string) Outcome {
	return a.moved(by, DidAddAttachment, HasAttachment, ThenNothing, name)
}

// DeleteAttachment notes that a file is attached no more.
func (a *Alert) DeleteAttachment(by By, name string) Outcome {
	return a.moved(by, DidDeleteAttachment, HasLessAttachments, ThenNothing, name)
}
