package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// udpSize is the size of answer that the question offers to take (RFC 6891); it
// fits every path without fragments.
const udpSize = 1232

// recordsMax bounds how many records of an answer are looked at.
const recordsMax = 256

// strayMax bounds how many datagrams that are not the answer are passed over.
const strayMax = 16

// answer is what a server said.
type answer struct {
	code      dnsmessage.RCode
	records   []string // those of the type asked for, as in a zone file
	truncated bool
}

// ask sends the question to the server (host:port) and returns its answer.
func ask(ctx context.Context, server string, question dnsmessage.Question) (answer, error) {
	id := uint16(rand.Uint32())
	query, err := pack(id, question)
	if err != nil {
		return answer{}, err
	}
	got, err := overUDP(ctx, server, query, id, question)
	if err != nil || !got.truncated {
		return got, err
	}
	return overTCP(ctx, server, query, id, question)
}

// pack builds a recursive query with an EDNS record.
func pack(id uint16, question dnsmessage.Question) ([]byte, error) {
	builder := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: id, RecursionDesired: true})
	if err := builder.StartQuestions(); err != nil {
		return nil, err
	}
	if err := builder.Question(question); err != nil {
		return nil, err
	}
	if err := builder.StartAdditionals(); err != nil {
		return nil, err
	}
	var edns dnsmessage.ResourceHeader
	if err := edns.SetEDNS0(udpSize, dnsmessage.RCodeSuccess, false); err != nil {
		return nil, err
	}
	if err := builder.OPTResource(edns, dnsmessage.OPTResource{}); err != nil {
		return nil, err
	}
	return builder.Finish()
}

// dial connects, and sees to it that the connection ends with ctx: at its deadline
// by itself, at its cancellation by being closed. The caller calls done.
func dial(ctx context.Context, network, server string) (conn net.Conn, done func(), err error) {
	conn, err = (&net.Dialer{}).DialContext(ctx, network, server)
	if err != nil {
		return nil, nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	return conn, func() { stop(); conn.Close() }, nil
}

func overUDP(ctx context.Context, server string, query []byte, id uint16, question dnsmessage.Question) (answer, error) {
	conn, done, err := dial(ctx, "udp", server)
	if err != nil {
		return answer{}, err
	}
	defer done()
	if _, err := conn.Write(query); err != nil {
		return answer{}, err
	}
	buffer := make([]byte, 64<<10)
	for range strayMax {
		n, err := conn.Read(buffer)
		if err != nil {
			return answer{}, err
		}
		// What is not the answer may be a forgery: it must not end the wait.
		if got, err := parse(buffer[:n], id, question); !errors.Is(err, errStray) {
			return got, err
		}
	}
	return answer{}, errors.New("the server sends answers to questions that were not asked")
}

func overTCP(ctx context.Context, server string, query []byte, id uint16, question dnsmessage.Question) (answer, error) {
	conn, done, err := dial(ctx, "tcp", server)
	if err != nil {
		return answer{}, err
	}
	defer done()
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)); err != nil {
		return answer{}, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return answer{}, fmt.Errorf("the server closed the connection without an answer: %w", err)
	}
	message := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, message); err != nil {
		return answer{}, fmt.Errorf("the server closed the connection inside its answer: %w", err)
	}
	return parse(message, id, question)
}

// errStray is the error of a message that answers another question.
var errStray = errors.New("the answer belongs to another question")

// parse reads an answer to the question.
func parse(message []byte, id uint16, question dnsmessage.Question) (answer, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(message)
	if err != nil || header.ID != id || !header.Response {
		return answer{}, errStray
	}
	asked, err := parser.AllQuestions()
	if err != nil {
		return answer{}, errStray
	}
	// A server that cannot parse the question need not repeat it.
	if len(asked) > 0 && (asked[0].Type != question.Type || !strings.EqualFold(asked[0].Name.String(), question.Name.String())) {
		return answer{}, errStray
	}
	got := answer{code: header.RCode, truncated: header.Truncated}
	if got.truncated {
		return got, nil
	}
	for range recordsMax {
		resource, err := parser.Answer()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return got, nil
		}
		if err != nil {
			return answer{}, fmt.Errorf("the server's answer is malformed: %w", err)
		}
		// A CNAME on the way to the address is not what was asked for.
		if resource.Header.Type == question.Type {
			got.records = append(got.records, show(resource.Body))
		}
	}
	return got, nil
}
