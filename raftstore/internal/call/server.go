package call

import (
	"bufio"
	"context"
	"net"
	"sync"
	"time"

	"keng/proto/clusterpb"
)

const (
	// maxCalls is how many calls of one connection may be under way: more are not
	// read yet.
	maxCalls = 1024
	// maxTimeout bounds a call, whatever its caller wants.
	maxTimeout = time.Minute
)

// Serve answers the calls that come in on a connection, each on a goroutine of its
// own, until the connection fails, the other side breaks the protocol, or ctx ends.
// It returns when none is under way any more, with the connection closed. The
// context of a call ends with the connection. The response's number is set by Serve.
func Serve(ctx context.Context, conn net.Conn, answer func(context.Context, *clusterpb.Request) *clusterpb.Response) {
	ctx, cancel := context.WithCancel(ctx)
	var calls, writing sync.WaitGroup
	w := writer{conn: conn, frames: make(chan []byte, maxQueuedFrames), closed: ctx.Done()}
	writing.Go(func() {
		w.run()
		cancel() // without it calls would wait to be answered for ever
	})
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	in := bufio.NewReaderSize(conn, bufferBytes)
	seats := make(chan struct{}, maxCalls)
	for {
		request := new(clusterpb.Request)
		if readFrame(in, request) != nil {
			break
		}
		select {
		case seats <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		calls.Go(func() {
			defer func() { <-seats }()
			serveOne(ctx, w, request, answer)
		})
	}
	cancel()
	calls.Wait()
	writing.Wait()
}

func serveOne(ctx context.Context, w writer, request *clusterpb.Request, answer func(context.Context, *clusterpb.Request) *clusterpb.Response) {
	timeout := min(time.Duration(request.TimeoutMs)*time.Millisecond, maxTimeout)
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	response := answer(within, request)
	response.Number = request.Number
	frame, err := encodeFrame(response)
	if err != nil {
		small := &clusterpb.Response{Number: request.Number, Error: &clusterpb.Error{
			Kind: clusterpb.Error_KIND_UNKNOWN_OUTCOME, Words: err.Error(),
		}}
		if frame, err = encodeFrame(small); err != nil {
			return
		}
	}
	select {
	case w.frames <- frame:
	case <-ctx.Done():
	}
}
