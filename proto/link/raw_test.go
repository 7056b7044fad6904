package link_test

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/quic-go/quic-go"

	"keng/proto/link"
)

// raw is a peer that speaks QUIC and TLS properly and anything else as a test
// pleases.
type raw struct {
	w         *world
	socket    net.PacketConn
	transport *quic.Transport
	tls       *tls.Config
}

func (w *world) raw(name string, own link.Credentials, protocol string) *raw {
	socket := w.network.Listen(name)
	return &raw{w, socket, &quic.Transport{Conn: socket}, &tls.Config{
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{protocol},
		Certificates:       []tls.Certificate{own.Certificate},
		InsecureSkipVerify: true,
		ClientAuth:         tls.RequestClientCert,
	}}
}

func rawConfig() *quic.Config {
	return &quic.Config{EnableDatagrams: true, MaxIdleTimeout: time.Minute}
}

func (r *raw) close() {
	r.transport.Close()
	r.socket.Close()
}

// dial connects and opens the stream.
func (r *raw) dial(address string) (*quic.Conn, *quic.Stream) {
	r.w.Helper()
	remote, err := r.w.network.Resolve(r.w.Context(), address)
	if err != nil {
		r.w.Fatal(err)
	}
	connection, err := r.transport.Dial(r.w.Context(), remote, r.tls, rawConfig())
	if err != nil {
		r.w.Fatal(err)
	}
	stream, err := connection.OpenStream()
	if err != nil {
		r.w.Fatal(err)
	}
	return connection, stream
}

// listen accepts connections and leaves each to handle.
func (r *raw) listen(handle func(*quic.Conn)) {
	r.w.Helper()
	listener, err := r.transport.Listen(r.tls, rawConfig())
	if err != nil {
		r.w.Fatal(err)
	}
	go func() {
		for {
			connection, err := listener.Accept(context.Background())
			if err != nil {
				return
			}
			go handle(connection)
		}
	}()
}

// causeOf waits until a raw connection ends and returns why.
func causeOf(connection *quic.Conn) error {
	<-connection.Context().Done()
	return context.Cause(connection.Context())
}
