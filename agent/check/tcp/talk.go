package tcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"time"

	"keng/agent/check"
)

// talk is what to say, and what must be heard then.
type talk struct {
	send    string
	expect  string
	matches *regexp.Regexp // nil if not configured
	limit   int            // bytes that are read at most
}

// newTalk reads the values of talkFields.
func newTalk(values check.Values) (talk, error) {
	t := talk{send: values.Text("send"), expect: values.Text("expect"), limit: int(values.Integer("read_limit"))}
	if pattern := values.Text("matches"); pattern != "" {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			return talk{}, fmt.Errorf("matches: %w", err)
		}
		t.matches = compiled
	}
	if len(t.expect) > t.limit {
		return talk{}, fmt.Errorf("read_limit: %d bytes cannot hold what is expected (%d)", t.limit, len(t.expect))
	}
	return t, nil
}

// empty reports whether there is nothing to say and nothing to hear.
func (t *talk) empty() bool { return t.send == "" && !t.listens() }

func (t *talk) listens() bool { return t.expect != "" || t.matches != nil }

// with holds the conversation. ctx closes the connection when it ends.
func (t *talk) with(ctx context.Context, conn net.Conn, details map[string]string) (check.State, string, error) {
	if t.send != "" {
		if _, err := io.WriteString(conn, t.send); err != nil {
			return check.Unknown, "", ended(ctx, err)
		}
	}
	if !t.listens() {
		return check.Up, "connected and sent", nil
	}
	heard, err := t.listen(conn)
	if len(heard) > 0 {
		details["answer"] = check.OneLine(string(heard))
	}
	if t.satisfied(heard) {
		return check.Up, "answered " + shown(heard), nil
	}
	if err != nil && (len(heard) == 0 || ctx.Err() == context.Canceled) {
		return check.Unknown, "", ended(ctx, err)
	}
	return check.Down, t.disappointment(ctx, heard, err), nil
}

// listen reads until it has what is expected, the limit is reached or the reading
// ends, whose reason it returns.
func (t *talk) listen(conn net.Conn) ([]byte, error) {
	heard := make([]byte, 0, min(t.limit, 4<<10))
	buffer := make([]byte, 4<<10)
	for len(heard) < t.limit {
		n, err := conn.Read(buffer[:min(len(buffer), t.limit-len(heard))])
		heard = append(heard, buffer[:n]...)
		if err != nil {
			return heard, err
		}
		if n > 0 && t.satisfied(heard) {
			return heard, nil
		}
	}
	return heard, nil
}

// satisfied reports whether what was heard is what is expected.
func (t *talk) satisfied(heard []byte) bool {
	return bytes.Contains(heard, []byte(t.expect)) && (t.matches == nil || t.matches.Match(heard))
}

// disappointment says what was heard instead, and why no more was.
func (t *talk) disappointment(ctx context.Context, heard []byte, err error) string {
	wanted := fmt.Sprintf("does not contain %q", t.expect)
	if bytes.Contains(heard, []byte(t.expect)) {
		wanted = "does not match " + t.matches.String()
	}
	then := ""
	switch {
	case errors.Is(err, io.EOF):
		then = ", then closed the connection"
	case ctx.Err() != nil:
		then = ", then nothing more in time"
	case err != nil:
		then = ", then: " + check.Failed(ctx, err, time.Nanosecond).Reason
	case len(heard) >= t.limit:
		then = fmt.Sprintf(" (the first %d bytes)", t.limit)
	}
	return fmt.Sprintf("the server said %s%s, which %s", shown(heard), then, wanted)
}

// shown quotes the beginning of what was heard.
func shown(heard []byte) string {
	const most = 80
	if len(heard) > most {
		return fmt.Sprintf("%q…", heard[:most])
	}
	return fmt.Sprintf("%q", heard)
}

// ended says why a conversation ended before anything was heard. The connection is
// closed by the end of ctx, which then is the reason.
func ended(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return errors.New("the server closed the connection without a word")
	default:
		return err
	}
}
