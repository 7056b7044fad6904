package raftstore

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Bounds of introductions: strangers may ask little, briefly, a few at once.
const (
	maxIntroduction   = 64 << 10
	maxIntroductions  = 16
	introduceTimeout  = 10 * time.Second
	introductionDone  = 0 // the answer follows
	introductionError = 1 // words follow: refused
	introductionLater = 2 // words follow: not now
)

// Introduce asks a node of a cluster something before having a certificate, such as
// for one: what is asked and answered is the matter of Network.Introduce there.
// config must say how the node's certificate is recognised; its protocols are set
// here. dial may be nil for TCP. Request and answer have 64 KiB at most. ErrRefused is
// final; after any other error it may be tried again.
func Introduce(ctx context.Context, address string, config *tls.Config, dial func(ctx context.Context, address string) (net.Conn, error), request []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, introduceTimeout)
	defer cancel()
	if dial == nil {
		dialer := &net.Dialer{}
		dial = func(ctx context.Context, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", address)
		}
	}
	conn, err := dial(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the cluster at %s: %w", address, err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // who asks may give it up
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, fmt.Errorf("cannot reach the cluster at %s: %w", address, err)
	}
	config = config.Clone()
	config.NextProtos, config.MinVersion = []string{protocolIntroduce}, tls.VersionTLS13
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("cannot reach the cluster at %s: %w", address, err)
	}
	if err := writePiece(secure, request); err != nil {
		return nil, fmt.Errorf("cannot ask the cluster at %s: %w", address, err)
	}
	answer, err := readPiece(secure)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the cluster at %s does not answer: %w", address, err)
	case len(answer) == 0 || answer[0] > introductionLater:
		return nil, fmt.Errorf("the cluster at %s gives an answer that this version does not understand", address)
	case answer[0] == introductionError:
		return nil, fmt.Errorf("%w: %s", ErrRefused, answer[1:])
	case answer[0] == introductionLater:
		return nil, fmt.Errorf("the cluster at %s cannot answer: %s", address, answer[1:])
	}
	return answer[1:], nil
}

// serveIntroduction answers a stranger.
func (s *Store) serveIntroduction(conn net.Conn, _ string) {
	defer func() { _ = conn.Close() }()
	select {
	case s.introductions <- struct{}{}:
		defer func() { <-s.introductions }()
	default:
		return
	}
	if conn.SetDeadline(time.Now().Add(introduceTimeout)) != nil {
		return
	}
	request, err := readPiece(conn)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(s.life, introduceTimeout)
	defer cancel()
	answer, err := s.options.Network.Introduce(ctx, request)
	if err != nil {
		kind := byte(introductionError)
		if errors.Is(err, ErrNotNow) {
			kind = introductionLater
		}
		_ = writePiece(conn, append([]byte{kind}, err.Error()...))
		return
	}
	_ = writePiece(conn, append([]byte{introductionDone}, answer...))
}

// A piece is bytes with their number before them, in four bytes, big endian.

func writePiece(w io.Writer, b []byte) error {
	if len(b) > maxIntroduction {
		return errors.New("the message is too long")
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	return err
}

func readPiece(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxIntroduction {
		return nil, errors.New("the message is too long")
	}
	b := make([]byte, size)
	_, err := io.ReadFull(r, b)
	return b, err
}
