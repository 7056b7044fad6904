package sdktest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
)

// attach attaches a file to an alert by the client, and returns its id.
func (c *caller) attach(id, name, content string) string {
	dir := c.t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		c.fatalf("%v", err)
	}
	made := must(c.write.alerts.CreateAlertAttachments(c.ctx, &alert.CreateAlertAttachmentRequest{IdentifierValue: id, FileName: name, FilePath: dir, User: userName}))(c)
	want(c, "the result", made.Result, "Created")
	return made.Attachment.Id
}

// files lists what is attached to an alert, as the other node tells it.
func (c *caller) files(id string) string {
	c.catchUp()
	list := must(c.read.alerts.ListAlertsAttachments(c.ctx, &alert.ListAttachmentsRequest{IdentifierValue: id}))(c)
	return fmt.Sprint(list.Attachment)
}

// downloaded returns the bytes to which the other node's link to an attachment leads, and its name.
func (c *caller) downloaded(id, attachment string) (content, name string) {
	c.catchUp()
	got := must(c.read.alerts.GetAlertAttachment(c.ctx, &alert.GetAttachmentRequest{IdentifierValue: id, AttachmentId: attachment}))(c)
	// The link names the hub by the address that people use; the third node honours it, too.
	_, path, _ := strings.Cut(got.Url, "://")
	_, path, ok := strings.Cut(path, "/")
	if !ok {
		c.fatalf("the link is %q", got.Url)
	}
	all := c.Running()
	res, err := (&http.Client{Transport: c.Transport()}).Get("http://" + all[(c.runs+2)%len(all)] + "/" + path)
	if err != nil {
		c.fatalf("%v", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.fatalf("%v", err)
	}
	return string(raw), got.Name
}

// A file that is attached by one node is listed by another one and had from the third.
func checkAttach(c *caller) {
	id := c.open()
	x := c.attach(id, "screen.txt", c.name+" was on the screen")
	want(c, "the list", c.files(id), fmt.Sprintf("[{%s screen.txt}]", x))
	content, name := c.downloaded(id, x)
	want(c, "the file", content, c.name+" was on the screen")
	want(c, "its name", name, "screen.txt")
	c.logged(id, userName+": File attached: screen.txt")
}

// All that is attached to an alert is listed, the oldest first.
func checkListAttachments(c *caller) {
	id := c.open()
	want(c, "the list at first", c.files(id), "[]")
	one, two := c.attach(id, "one.txt", "1"), c.attach(id, "two.txt", "2")
	want(c, "the list", c.files(id), fmt.Sprintf("[{%s one.txt} {%s two.txt}]", one, two))
	_, err := c.read.alerts.ListAlertsAttachments(c.ctx, &alert.ListAttachmentsRequest{IdentifierValue: c.word()})
	c.refused(err, http.StatusNotFound)
}

// An attachment is told with a link that gives its bytes, for each another one.
func checkGetAttachment(c *caller) {
	id := c.open()
	one, two := c.attach(id, "one.txt", "first"), c.attach(id, "two.txt", "second")
	for x, want2 := range map[string]string{one: "first one.txt", two: "second two.txt"} {
		content, name := c.downloaded(id, x)
		want(c, "content and name", content+" "+name, want2)
	}
	_, err := c.read.alerts.GetAlertAttachment(c.ctx, &alert.GetAttachmentRequest{IdentifierValue: id, AttachmentId: "999999"})
	c.refused(err, http.StatusNotFound)
}

// An attachment that is deleted is not there any more, and the others are.
func checkDeleteAttachment(c *caller) {
	id := c.open()
	one, two := c.attach(id, "one.txt", "1"), c.attach(id, "two.txt", "2")
	request := &alert.DeleteAttachmentRequest{IdentifierValue: id, AttachmentId: one, User: userName}
	want(c, "the result", must(c.write.alerts.DeleteAlertAttachment(c.ctx, request))(c).Result, "Deleted")
	want(c, "the list", c.files(id), fmt.Sprintf("[{%s two.txt}]", two))
	c.logged(id, userName+": Attached file deleted: one.txt")
	_, err := c.write.alerts.DeleteAlertAttachment(c.ctx, request)
	c.refused(err, http.StatusNotFound)
}
