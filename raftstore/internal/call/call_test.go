package call

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/proto/clusterpb"
)

// connect returns a client, and serves the other end with answer until the test ends.
func connect(t *testing.T, answer func(context.Context, *clusterpb.Request) *clusterpb.Response) (client *Client, server net.Conn) {
	near, far := net.Pipe()
	var serving sync.WaitGroup
	serving.Go(func() { Serve(context.Background(), far, answer) })
	client = NewClient(near)
	t.Cleanup(func() {
		client.Close()
		serving.Wait()
	})
	return client, far
}

func forward(command string) *clusterpb.Request {
	return &clusterpb.Request{Kind: &clusterpb.Request_Forward{Forward: &clusterpb.Forward{Command: []byte(command)}}}
}

func result(b []byte) *clusterpb.Response {
	return &clusterpb.Response{Kind: &clusterpb.Response_Applied{Applied: &clusterpb.Applied{Result: b}}}
}

// TestCalls: many at once, each gets its own answer, in whatever order.
func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := connect(t, func(_ context.Context, r *clusterpb.Request) *clusterpb.Response {
			time.Sleep(time.Duration(len(r.GetForward().Command)) * time.Millisecond)
			return result(r.GetForward().Command)
		})
		var wg sync.WaitGroup
		for i := range 500 {
			wg.Go(func() {
				command := string(make([]byte, 500-i))
				response, err := client.Call(t.Context(), forward(command))
				if err != nil || string(response.GetApplied().Result) != command {
					t.Errorf("call %d: %v", i, err)
				}
			})
		}
		wg.Wait()
	})
}

// TestTimeouts: the caller's time-out reaches the other side, and a connection on which
// nothing is heard is given up.
func TestTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var within atomic.Int64
		client, _ := connect(t, func(ctx context.Context, _ *clusterpb.Request) *clusterpb.Response {
			deadline, _ := ctx.Deadline()
			within.Store(int64(time.Until(deadline)))
			<-ctx.Done()
			time.Sleep(time.Second)
			return result(nil)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := client.Call(ctx, forward("")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the call's error is %v", err)
		}
		if got := time.Duration(within.Load()); got != 3*time.Second {
			t.Errorf("the other side had %s", got)
		}
		if !client.Broken() {
			t.Error("a silent connection is kept")
		}
		if _, err := client.Call(t.Context(), forward("")); !errors.Is(err, ErrBroken) {
			t.Errorf("a call on a broken connection: %v", err)
		}
	})
}

// TestBreak: when the connection breaks, the caller hears it and the work is told.
func TestBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan struct{})
		client, server := connect(t, func(ctx context.Context, _ *clusterpb.Request) *clusterpb.Response {
			<-ctx.Done()
			close(told)
			return result(nil)
		})
		go func() {
			time.Sleep(time.Second)
			_ = server.Close()
		}()
		if _, err := client.Call(t.Context(), forward("")); !errors.Is(err, ErrBroken) {
			t.Errorf("the call's error is %v", err)
		}
		<-told
	})
}

// TestLargeAnswer: an answer that does not fit is an error, not a broken connection.
func TestLargeAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := connect(t, func(_ context.Context, r *clusterpb.Request) *clusterpb.Response {
			return result(make([]byte, MaxFrame*len(r.GetForward().Command)))
		})
		response, err := client.Call(t.Context(), forward("x"))
		if err != nil || response.GetError().GetKind() != clusterpb.Error_KIND_UNKNOWN_OUTCOME {
			t.Errorf("a large answer: %v, %v", response.GetError(), err)
		}
		if _, err := client.Call(t.Context(), forward("")); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestRubbish: who does not speak the protocol is hung up on.
func TestRubbish(t *testing.T) {
	for what, b := range map[string][]byte{"a huge frame": {0xff, 0xff, 0xff, 0xff}, "no message": {0, 0, 0, 1, 0xff}} {
		near, far := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			Serve(context.Background(), far, nil)
		}()
		if _, err := near.Write(b); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		<-done
	}
}

func FuzzReadFrame(f *testing.F) {
	frame, err := encodeFrame(forward("a command"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(frame)
	f.Add([]byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		request := new(clusterpb.Request)
		if readFrame(bufio.NewReader(bytes.NewReader(b)), request) != nil {
			return
		}
		frame, err := encodeFrame(request)
		if err != nil {
			t.Fatal(err)
		}
		again := new(clusterpb.Request)
		if err := readFrame(bufio.NewReader(bytes.NewReader(frame)), again); err != nil || !proto.Equal(request, again) {
			t.Fatalf("%v becomes %v, %v", request, again, err)
		}
	})
}
