package state_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"keng/hub/core"
	"keng/hub/core/alert"
	"keng/hub/state"
)

// attachmentVerbs are about files that are attached to alerts.
func (s *stage) attachmentVerbs() map[string]func([]string) error {
	return map[string]func([]string) error{"attach": s.attach, "detach": s.detach, "attached": s.attached, "blobs": s.blobs}
}

// attach ALIAS USER NAME CONTENT: a file with that content.
func (s *stage) attach(args []string) error {
	hash := sha256.Sum256([]byte(args[3]))
	a, err := do(s, state.AddAttachment{Asked: asked(args), Name: written(args[2]), Hash: hash[:], Size: int64(len(args[3])), Type: "text/plain"})
	return s.toldOf(err, "attachment %d: %s, %d bytes, by %s", a.ID, a.Name, a.Size, a.By)
}

// detach ALIAS USER NUMBER.
func (s *stage) detach(args []string) error {
	k := state.DeleteAttachment{Asked: asked(args)}
	fmt.Sscan(args[2], &k.Attachment)
	_, err := do(s, k)
	return s.toldOf(err, "attachment %d is gone", k.Attachment)
}

// toldOf says what became of a command that is answered at once.
func (s *stage) toldOf(err error, format string, args ...any) error {
	switch core.KindOf(err) {
	case core.NotFound, core.Unacceptable:
		s.say("refused: %v", err)
		return nil
	}
	if err == nil {
		s.say(format, args...)
	}
	return err
}

// attached ALIAS: what is attached to an alert.
func (s *stage) attached(args []string) error {
	a, ok := state.FindAlert(s.tx, named(args[0]))
	if !ok {
		s.say("there is no alert %s", args[0])
		return nil
	}
	for x := range state.AttachmentsOf(s.tx, a.ID) {
		s.say("%s has %d: %s of %s", args[0], x.ID, x.Name, x.By)
	}
	return nil
}

// blobs CONTENT...: which of some contents the state names, and how many blobs in all.
func (s *stage) blobs(args []string) error {
	named := map[[32]byte]bool{}
	n := 0
	for hash := range state.NamedBlobs(s.tx) {
		named[hash] = true
		n++
	}
	kept := slices.DeleteFunc(slices.Clone(args), func(content string) bool { return !named[sha256.Sum256([]byte(content))] })
	s.say("blobs: %d %s", n, strings.Join(kept, " "))
	return nil
}

// Fifty files can be attached to an alert, and they go with it. Rule keng-2.attach.most.
func TestMostAttachments(t *testing.T) {
	s := newStage(t)
	s.act("create web")
	s.act("create db")
	for i := range alert.AttachmentsMax {
		s.act(fmt.Sprintf("attach web an f%d.txt content%d", i, i))
	}
	s.out.Reset()
	s.act("attach web an more.txt more")
	if got := s.out.String(); !strings.Contains(got, "50 attachments already") {
		t.Errorf("one more: %s", got)
	}
	s.act("attach db an f0.txt content0")
	s.act("delete web an")
	s.act("wait 1m")
	if left := maps.Collect(names(s)); len(left) != 1 || left["f0.txt"] == "" {
		t.Errorf("after the alert was deleted there is %v", left)
	}
	s.out.Reset()
	s.act("blobs content0 content1")
	if got := s.out.String(); !strings.Contains(got, "blobs: 1 content0\n") {
		t.Errorf("named: %s", got)
	}
}

// names gives the names of all attachments, with their alerts.
func names(s *stage) func(func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for a := range state.Attachments.All(s.tx) {
			if !yield(a.Name, string(a.Alert)) {
				return
			}
		}
	}
}
