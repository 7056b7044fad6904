package call

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"keng/proto/clusterpb"
)

// ErrBroken says that the connection failed while a call was under way, or before:
// whether the call was done is not known.
var ErrBroken = errors.New("the connection to the other node failed")

// Client makes calls over one connection. It is safe for use by several goroutines.
type Client struct {
	writer writer
	closed chan struct{}
	heard  atomic.Int64 // how many responses have come

	mu      sync.Mutex
	number  uint64
	pending map[uint64]chan *clusterpb.Response
	err     error // why the connection is of no more use
}

// NewClient takes over a connection.
func NewClient(conn net.Conn) *Client {
	closed := make(chan struct{})
	c := &Client{
		writer: writer{conn: conn, frames: make(chan []byte, maxQueuedFrames), closed: closed},
		closed: closed, pending: map[uint64]chan *clusterpb.Response{},
	}
	go c.writer.run()
	go c.read()
	return c
}

// Close closes the connection. Calls under way fail.
func (c *Client) Close() { c.fail(errors.New("it was closed here")) }

// Broken tells whether the connection is of no more use.
func (c *Client) Broken() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// Call sends a request, whose number and time-out it sets, and waits for the
// response until ctx ends. An error means that it is not known whether the call was
// done. A connection on which nothing at all was heard during a call that took too
// long is given up.
func (c *Client) Call(ctx context.Context, request *clusterpb.Request) (*clusterpb.Response, error) {
	request.TimeoutMs = timeoutMillis(ctx)
	answer, err := c.register(request)
	if err != nil {
		return nil, err
	}
	defer c.forget(request.Number)
	frame, err := encodeFrame(request)
	if err != nil {
		return nil, err
	}
	heard := c.heard.Load()
	select {
	case c.writer.frames <- frame:
	case <-c.closed:
		return nil, c.why()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case response := <-answer:
		return response, nil
	case <-c.closed:
		return nil, c.why()
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && c.heard.Load() == heard {
			c.fail(errors.New("the other node does not answer"))
		}
		return nil, ctx.Err()
	}
}

// noTimeout is told to the other side when the caller would wait for ever.
const noTimeout = time.Minute

func timeoutMillis(ctx context.Context) uint32 {
	deadline, ok := ctx.Deadline()
	if !ok {
		return uint32(noTimeout.Milliseconds())
	}
	return uint32(min(max(time.Until(deadline), time.Millisecond), noTimeout).Milliseconds())
}

func (c *Client) register(request *clusterpb.Request) (<-chan *clusterpb.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	c.number++
	request.Number = c.number
	answer := make(chan *clusterpb.Response, 1)
	c.pending[c.number] = answer
	return answer, nil
}

func (c *Client) forget(number uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, number)
}

func (c *Client) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = fmt.Errorf("%w: %w", ErrBroken, err)
		close(c.closed)
		_ = c.writer.conn.Close()
	}
}

// read hands responses to who waits for them.
func (c *Client) read() {
	in := bufio.NewReaderSize(c.writer.conn, bufferBytes)
	for {
		response := new(clusterpb.Response)
		if err := readFrame(in, response); err != nil {
			c.fail(err)
			return
		}
		c.heard.Add(1)
		c.mu.Lock()
		answer := c.pending[response.Number]
		delete(c.pending, response.Number)
		c.mu.Unlock()
		if answer != nil {
			answer <- response
		}
	}
}
