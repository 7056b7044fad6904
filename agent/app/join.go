package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"keng/proto/link"
)

// JoinOptions are what a join needs. Hub, Token and DataDir are required.
type JoinOptions struct {
	Hub     string // "host:port"
	Token   string // an enrolment token; see link.Token
	DataDir string
	Name    string // for people. Default: this machine's name
	// Replace allows an identity that is there to be replaced.
	Replace bool
	// Socket makes the UDP socket. Default: any free port.
	Socket func() (net.PacketConn, error)
}

// Join exchanges an enrolment token for an identity, and saves it and the hub's
// address in the data directory. It returns who the agent is now.
func Join(ctx context.Context, options JoinOptions) (link.Peer, error) {
	dir := filepath.Join(options.DataDir, identityDir)
	if _, err := link.LoadCredentials(dir); !errors.Is(err, fs.ErrNotExist) && !options.Replace {
		return link.Peer{}, fmt.Errorf("there is an identity in %s already; give --replace to join anew", dir)
	}
	if _, _, err := net.SplitHostPort(options.Hub); err != nil {
		return link.Peer{}, fmt.Errorf("%q is not the address of a hub; write host:port", options.Hub)
	}
	if options.Name == "" {
		options.Name, _ = os.Hostname() // an empty name is no error
	}
	if options.Socket == nil {
		options.Socket = func() (net.PacketConn, error) { return net.ListenPacket("udp", ":0") }
	}
	// A token may be good for one use: see first that its fruit can be kept.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return link.Peer{}, fmt.Errorf("cannot make the data directory: %w", err)
	}
	socket, err := options.Socket()
	if err != nil {
		return link.Peer{}, fmt.Errorf("cannot open a socket: %w", err)
	}
	endpoint := link.NewEndpoint(socket, nil)
	defer endpoint.Close()
	credentials, peer, err := endpoint.Join(ctx, options.Hub, options.Token, link.Agent, options.Name)
	if err != nil {
		return link.Peer{}, err
	}
	if err := writeJSON(filepath.Join(options.DataDir, hubsFile), savedHubs{Joined: []string{options.Hub}}); err != nil {
		return link.Peer{}, fmt.Errorf("cannot save the hub's address: %w", err)
	}
	if err := link.SaveCredentials(dir, credentials); err != nil {
		return link.Peer{}, err
	}
	return peer, nil
}
