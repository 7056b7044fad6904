package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"keng/hub/core"
	"keng/hub/state"
	"keng/raftstore/table"
)

// logFileRoutes is the part of the table about log files: what came in and what was done with
// it, in pieces of five minutes. They are made of the journal when they are asked for.
func logFileRoutes() []route {
	return []route{
		{"GET", "/v2/logs/list/{marker}", state.Read, true, searchDomain, on((*API).listLogFiles)},
		{"GET", "/v2/logs/download/{filename}", state.Read, true, configurationDomain, on((*API).getLogLink)},
		{"GET", logFilesPath + "{token}/{filename}", anyone, false, noDomain, on((*API).getLogFile)},
	}
}

const logFilesPath = "/keng/v1/log-files/"

// The bounds of log files.
const (
	LogLinkLife   = 15 * time.Minute // for how long a link to one works
	logFilesMax   = 1000             // of a list
	logListInputs = 20_000           // that a list looks at, about
	logListBytes  = 32 << 20         // of files that a list measures, about
	logsAtOnce    = 4                // lists and files that are made: each may take some MiB
)

const (
	logNameForm   = "2006-01-02-15-04-05"
	logNameEnding = ".json"
)

// logName returns the name of a log file.
func logName(p state.LogPiece) string {
	name := p.Start.UTC().Format(logNameForm)
	if p.Block > 0 {
		name += "-" + strconv.FormatUint(p.Block, 10)
	}
	return name + logNameEnding
}

// parseLogName returns the piece that a name is of.
func parseLogName(name string) (p state.LogPiece, ok bool) {
	name = strings.TrimSuffix(name, logNameEnding)
	if len(name) < len(logNameForm) {
		return p, false
	}
	start, err := time.Parse(logNameForm, name[:len(logNameForm)])
	p.Start = start
	if block, more := strings.CutPrefix(name[len(logNameForm):], "-"); err == nil && more {
		p.Block, err = strconv.ParseUint(block, 10, 64)
	} else if block != "" {
		return p, false
	}
	return p, err == nil && start.Equal(start.Truncate(state.LogPieceLength))
}

// journalLine is a line of a log file.
type journalLine struct {
	Number        uint64             `json:"number"`
	Time          moment             `json:"time"`
	IntegrationID core.IntegrationID `json:"integrationId,omitempty"`
	RequestID     string             `json:"requestId,omitempty"`
	Event         string             `json:"event,omitempty"`
	Alias         string             `json:"alias,omitempty"`
	Message       string             `json:"message,omitempty"`
	Source        string             `json:"source,omitempty"`
	Priority      string             `json:"priority,omitempty"`
	Tags          []string           `json:"tags,omitempty"`
	Description   string             `json:"description,omitempty"`
	Details       map[string]string  `json:"details,omitempty"`
	Payload       map[string]string  `json:"payload,omitempty"`
	Cut           bool               `json:"cut,omitempty"` // it was too large to be kept whole
	Done          string             `json:"done,omitempty"`
	Why           string             `json:"why,omitempty"`
	Status        string             `json:"status,omitempty"`
	AlertID       core.AlertID       `json:"alertId,omitempty"`
	Missing       []string           `json:"missing,omitempty"`
}

// logText returns a log file: JSON, a line an input.
func logText(inputs []*state.Input) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, in := range inputs {
		d := &in.Draft
		_ = enc.Encode(journalLine{ // texts and numbers, which can always be written
			in.Number, moment{in.At}, in.Integration, in.Request, in.Event, d.Alias, d.Message, d.Source, d.Priority.String(), d.Tags, d.Description, d.Details,
			in.Payload, in.Cut, in.Done.String(), in.Why, in.Status, in.Alert, in.Missing,
		})
	}
	return b.Bytes()
}

// logFilesIn asks for the log files after one, or from a moment on.
type logFilesIn struct {
	said  string
	after state.LogPiece // none, if only its start is said
	named bool           // after is a file
	limit int
}

func (in *logFilesIn) read(c *call) {
	in.said = c.identifier("marker")
	if in.limit = c.number("limit", 0, logFilesMax, 0); in.limit == 0 { // as the Go client sends it
		in.limit = logFilesMax
	}
	if in.after, in.named = parseLogName(in.said); in.named {
		return
	}
	at, ok := parseTime(in.said)
	if day, err := time.Parse(time.DateOnly, in.said); !ok && err == nil {
		at, ok = day, true
	}
	if t, err := time.Parse(logNameForm, in.said); !ok && err == nil { // as lamp says it
		at, ok = t, true
	}
	if ms, err := strconv.ParseInt(in.said, 10, 64); !ok && err == nil {
		at, ok = time.UnixMilli(ms), true
	}
	if !ok {
		c.wrong["marker"] = "must be the name of a log file, or a date such as 2026-11-25 or 2026-11-25T09:00:00Z"
	}
	in.after.Start = at.UTC().Truncate(state.LogPieceLength)
}

// logFile is a log file in a list.
type logFile struct {
	Name string `json:"filename"`
	Date int64  `json:"date"` // milliseconds since 1970, when it begins
	Size int    `json:"size"` // bytes
}

// logFileList is a list of log files, and what to say to get those that follow.
type logFileList struct {
	files  []logFile
	marker string
}

func (l *logFileList) fill(e *envelope) int {
	e.Data, e.Marker = append([]logFile{}, l.files...), l.marker
	return http.StatusOK
}

// mayReadLogs waits until few others read log files, or says that it cannot be now. The caller calls done in the end.
func (a *API) mayReadLogs(ctx context.Context) (done func(), err error) {
	if !a.underWay.wait(ctx, a.logs, 1) {
		return nil, &core.Error{Kind: core.Unavailable, Words: "Many others read log files at this node. Try again."}
	}
	return func() { a.logs.Release(1) }, nil
}

// listLogFiles tells log files, the oldest first: those whose five minutes are over. It may stop
// before the limit, when it has looked at much: the marker goes on.
func (a *API) listLogFiles(ctx context.Context, in *logFilesIn) (*logFileList, error) {
	done, err := a.mayReadLogs(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	out := &logFileList{marker: in.said}
	now := a.Now()
	err = a.Store.View(ctx, true, func(tx table.Reader) error {
		looked, measured := 0, 0
		for p, inputs := range state.LogPieces(tx, in.after.Start) {
			if now.Before(p.Start.Add(state.LogPieceLength)) || len(out.files) == in.limit || looked >= logListInputs || measured >= logListBytes {
				return nil
			}
			looked += len(inputs)
			if in.named && p.Start.Equal(in.after.Start) && p.Block <= in.after.Block {
				continue
			}
			size := len(logText(inputs))
			measured += size
			out.marker = logName(p)
			out.files = append(out.files, logFile{out.marker, p.Start.UnixMilli(), size})
		}
		return nil
	})
	return out, err
}

// logFileIn names a log file.
type logFileIn struct {
	piece state.LogPiece
	base  string
	token string
}

func (in *logFileIn) read(c *call) {
	in.base, in.token = c.base, c.params["token"]
	in.piece, _ = parseLogName(c.identifier("filename")) // of no file if it is none's name
}

// inputsOf returns what is in a log file, or an error of kind NotFound.
func (a *API) inputsOf(ctx context.Context, piece state.LogPiece) (found []*state.Input, err error) {
	now := a.Now()
	err = a.Store.View(ctx, true, func(tx table.Reader) error {
		for p, inputs := range state.LogPieces(tx, piece.Start) {
			if !p.Start.Equal(piece.Start) || now.Before(p.Start.Add(state.LogPieceLength)) {
				break
			}
			if p.Block == piece.Block {
				found = inputs
				return nil
			}
		}
		return core.Missing("Log file", logName(piece))
	})
	return found, err
}

// getLogLink answers with nothing but a link to a log file, which works for a while.
func (a *API) getLogLink(ctx context.Context, in *logFileIn) (*file, error) {
	if a.LinkKey == [32]byte{} {
		return nil, &core.Error{Kind: core.Unavailable, Words: "This hub makes no links."}
	}
	done, err := a.mayReadLogs(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if _, err := a.inputsOf(ctx, in.piece); err != nil {
		return nil, err
	}
	token := a.linkToken(logFileLinks, logPayload(in.piece), LogLinkLife)
	return &file{"text/plain; charset=utf-8", []byte(in.base + logFilesPath + token + "/" + logName(in.piece))}, nil
}

// logPayload returns what a link bears: which piece of the journal the file is.
func logPayload(p state.LogPiece) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(p.Start.Unix())), p.Block)
}

// getLogFile answers with a log file to who has a link to it.
func (a *API) getLogFile(ctx context.Context, in *logFileIn) (*file, error) {
	payload, err := a.followLink(logFileLinks, in.token, len(logPayload(state.LogPiece{})), "log file")
	if err != nil {
		return nil, err
	}
	done, err := a.mayReadLogs(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	start, block := binary.BigEndian.Uint64(payload), binary.BigEndian.Uint64(payload[8:])
	inputs, err := a.inputsOf(ctx, state.LogPiece{Start: time.Unix(int64(start), 0).UTC(), Block: block})
	return &file{"application/x-ndjson", logText(inputs)}, err
}
