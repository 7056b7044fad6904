package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"keng/proto/link"
)

// What joining leaves in a gateway's data directory.
const (
	identityDir = "identity" // key and certificates, as package link saves them
	hubsFile    = "hubs"     // addresses to dial first, one a line
	hubsFileMax = 16 << 10   // bytes
)

// Join exchanges an enrolment token for an identity, and saves it with the hub's
// address in the data directory. A directory that has an identity already, or a damaged
// one, is an error unless replace is set; the old one is there until the new one is saved.
func Join(ctx context.Context, hub, token, name, dataDir string, replace bool) (link.Peer, error) {
	identity := filepath.Join(dataDir, identityDir)
	switch _, err := link.LoadCredentials(identity); {
	case replace || errors.Is(err, fs.ErrNotExist):
	case err == nil:
		return link.Peer{}, fmt.Errorf("%s has an identity already: give --replace to join anew, or to join another cluster another data directory", dataDir)
	default:
		return link.Peer{}, err
	}
	// A token may be good for one use: see first that its fruit can be kept.
	if err := os.MkdirAll(identity, 0o700); err != nil {
		return link.Peer{}, fmt.Errorf("cannot make the data directory: %w", err)
	}
	socket, err := net.ListenPacket("udp", ":0")
	if err != nil {
		return link.Peer{}, fmt.Errorf("cannot open a UDP socket: %w", err)
	}
	endpoint := link.NewEndpoint(socket, nil)
	defer endpoint.Close()
	credentials, peer, err := endpoint.Join(ctx, hub, token, link.Gateway, name)
	if err != nil {
		return link.Peer{}, err
	}
	// The identity comes last: without it the directory counts as not joined.
	if err := SaveHubs(dataDir, []string{hub}); err != nil {
		return link.Peer{}, fmt.Errorf("cannot save the hub's address: %w", err)
	}
	return peer, link.SaveCredentials(identity, credentials)
}

// SaveHubs writes to the data directory which hubs to dial after the next start: see
// [Options.Learned]. Either the old addresses are there after a power cut or the new ones:
// with neither, an identity would be left that knows no hub and cannot join again.
func SaveHubs(dataDir string, hubs []string) error {
	path := filepath.Join(dataDir, hubsFile)
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(strings.Join(hubs, "\n") + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(dataDir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// OpenIdentity reads what [Join] saved: who the gateway is, and which hubs to dial. The
// logger hears of renewals.
func OpenIdentity(dataDir string, logger *slog.Logger) (*link.Identity, []string, error) {
	identity, err := link.OpenIdentity(filepath.Join(dataDir, identityDir), logger)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s has no identity: run `keng-gateway join` first", dataDir)
	}
	if err != nil {
		return nil, nil, err
	}
	file, err := os.Open(filepath.Join(dataDir, hubsFile))
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read which hubs to dial: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, hubsFileMax))
	return identity, strings.Fields(string(text)), err
}
