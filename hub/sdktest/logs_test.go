package sdktest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/opsgenie/opsgenie-go-sdk-v2/alert"
	"github.com/opsgenie/opsgenie-go-sdk-v2/logs"
)

// inLog makes something that stands in a log file of its own, waits until that is over, and returns
// the moment from which on to list.
func (c *caller) inLog(message string) time.Time {
	from := time.Now()
	c.done(c.write.alerts.Create(c.ctx, &alert.CreateAlertRequest{Message: message, Alias: c.word()}))
	c.pass(6 * time.Minute)
	return from
}

// logFiles lists the log files from a moment on, or after one.
func (c *caller) logFiles(marker string) *logs.ListLogFilesResult {
	return must(c.read.logs.ListLogFiles(c.ctx, &logs.ListLogFilesRequest{Marker: marker}))(c)
}

// What came in stands in log files, which are listed from a date on, and after a file.
func checkListLogFiles(c *caller) {
	from := c.inLog(c.name)
	list := c.logFiles(fmt.Sprint(from.UnixMilli()))
	if len(list.Logs) == 0 {
		c.fatalf("no log file is listed")
	}
	first := list.Logs[0]
	want(c, "when the first begins", int64(first.Date), from.Truncate(5*time.Minute).UnixMilli())
	want(c, "the marker", list.Marker, list.Logs[len(list.Logs)-1].FileName)
	for _, f := range c.logFiles(first.FileName).Logs {
		if f.FileName <= first.FileName {
			c.errorf("%s is listed after %s", f.FileName, first.FileName)
		}
	}
	want(c, "how many there are after the last", len(c.logFiles(list.Marker).Logs), 0)
	_, err := c.read.logs.ListLogFiles(c.ctx, &logs.ListLogFilesRequest{Marker: "nonsense"})
	c.refused(err, http.StatusUnprocessableEntity)
}

// A log file is had by a link, which needs no key.
func checkLogLink(c *caller) {
	from := c.inLog(c.name)
	name := c.logFiles(fmt.Sprint(from.UnixMilli())).Logs[0].FileName
	link := must(c.read.logs.GenerateLogFileDownloadLink(c.ctx, &logs.GenerateLogFileDownloadLinkRequest{FileName: name}))(c).LogFileDownloadLink
	request := must(http.NewRequestWithContext(c.ctx, http.MethodGet, link, nil))(c)
	reply := must((&http.Client{Transport: c.Transport()}).Do(request))(c)
	defer reply.Body.Close()
	text := string(must(io.ReadAll(reply.Body))(c))
	if reply.StatusCode != http.StatusOK || !strings.Contains(text, `"message":"`+c.name+`"`) {
		c.errorf("HTTP %d, and nothing of the alert in\n%.500s", reply.StatusCode, text)
	}
	_, err := c.read.logs.GenerateLogFileDownloadLink(c.ctx, &logs.GenerateLogFileDownloadLinkRequest{FileName: "nonsense"})
	c.refused(err, http.StatusNotFound)
}
