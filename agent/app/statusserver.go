package app

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"keng/agent/check"
)

// A running agent says what it thinks to whoever may read its data directory. The
// asker connects, writes one line, "status" or "status TOKEN", and reads a JSON object.
//
// The door is the socket status.sock, mode 0600. Where there are no such sockets, or
// the path is too long for one, it is a port of loopback: the file status.addr, mode
// 0600, holds its address and a token that the asker must show.
const (
	statusSocket  = "status.sock"
	statusAddress = "status.addr"
	// socketPathMax is below what every system takes: 104 bytes with a final zero.
	socketPathMax = 100
	// statusTimeout bounds one conversation.
	statusTimeout = 5 * time.Second
	// statusAskersMax bounds how many are served at once; who comes besides is hung up on.
	statusAskersMax = 8
	// statusLineMax bounds what an asker says, and statusMax what it is told, in bytes.
	statusLineMax = 128
	statusMax     = 16 << 20
)

// statusServer serves the status until the agent stops.
type statusServer struct {
	dir    string
	status func(context.Context) (Status, error)
	logger *slog.Logger
	token  string // that askers must show; "" if the socket's mode is enough
}

func (s *statusServer) String() string { return "status" }

// run implements task. An agent that cannot say what it thinks still watches.
func (s *statusServer) run(ctx context.Context) error {
	listener, err := s.listen()
	if err != nil {
		s.logger.Warn("nobody can ask this agent for its status", "error", err)
		return nil
	}
	defer os.Remove(filepath.Join(s.dir, statusAddress))
	defer listener.Close() // which removes the socket
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	askers := make(chan struct{}, statusAskersMax)
	var open sync.WaitGroup
	defer open.Wait()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			if err == nil {
				conn.Close()
			}
			return nil
		}
		if err != nil { // of one connection, or no file descriptor is left
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
			continue
		}
		select {
		case askers <- struct{}{}:
			open.Go(func() { defer func() { <-askers }(); s.serve(ctx, conn) })
		default:
			conn.Close()
		}
	}
}

// listen opens the door. What an agent that died left behind is replaced; one that
// lives is not there, for it would hold the lock of the spool.
func (s *statusServer) listen() (net.Listener, error) {
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, statusSocket)
	for _, old := range []string{path, filepath.Join(dir, statusAddress)} {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if runtime.GOOS == "windows" || len(path) > socketPathMax {
		return s.listenPort(dir)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	// With a usual umask it was never open to others: to connect they need the right to write.
	if err := os.Chmod(path, 0o600); err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}

// listenPort opens a port of loopback, and writes down where it is.
func (s *statusServer) listenPort(dir string) (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.token = rand.Text()
	path := filepath.Join(dir, statusAddress)
	err = os.WriteFile(path+".new", []byte(listener.Addr().String()+" "+s.token+"\n"), 0o600)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}

// serve answers one asker.
func (s *statusServer) serve(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	line, err := bufio.NewReaderSize(conn, statusLineMax).ReadSlice('\n')
	wanted := strings.TrimSpace("status " + s.token)
	if err != nil || subtle.ConstantTimeCompare([]byte(strings.TrimSpace(string(line))), []byte(wanted)) != 1 {
		return
	}
	status, err := s.status(ctx)
	if err != nil {
		return
	}
	if data, err := json.Marshal(status); err == nil {
		conn.Write(append(data, '\n'))
	}
}

// AskStatus asks the agent that runs on a data directory what it thinks. The error
// says why there is no answer; most likely no agent runs there.
func AskStatus(ctx context.Context, dataDir string) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	conn, token, err := dialStatus(ctx, dataDir)
	if err != nil {
		return Status{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if _, err := fmt.Fprintln(conn, strings.TrimSpace("status "+token)); err != nil {
		return Status{}, fmt.Errorf("cannot ask the agent: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(conn, statusMax))
	if ctx.Err() != nil {
		return Status{}, fmt.Errorf("the agent that runs in %s does not answer", dataDir)
	}
	var status Status
	if err != nil || json.Unmarshal(data, &status) != nil {
		return Status{}, fmt.Errorf("the agent that runs in %s gives no answer that can be read; ask again, or restart it", dataDir)
	}
	return status, nil
}

// dialStatus finds the door and knocks.
func dialStatus(ctx context.Context, dataDir string) (conn net.Conn, token string, err error) {
	dir, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, "", err
	}
	network, address := "unix", filepath.Join(dir, statusSocket)
	data, err := os.ReadFile(filepath.Join(dir, statusAddress))
	if err == nil {
		network = "tcp"
		address, token, _ = strings.Cut(strings.TrimSpace(string(data)), " ")
		if !strings.HasPrefix(address, "127.0.0.1:") {
			return nil, "", fmt.Errorf("%s is damaged; restart the agent", filepath.Join(dir, statusAddress))
		}
	} else if _, statErr := os.Stat(address); errors.Is(err, fs.ErrNotExist) && errors.Is(statErr, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("no agent runs in %s; is that its --data-dir?", dataDir)
	}
	conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
	switch {
	case err == nil:
		return conn, token, nil
	case check.Answered(err):
		return nil, "", fmt.Errorf("no agent runs in %s; the last one died", dataDir)
	case check.NotPermitted(err):
		return nil, "", fmt.Errorf("only the agent's own user and root may ask the agent in %s: %w", dataDir, err)
	default:
		return nil, "", fmt.Errorf("cannot ask the agent in %s: %w", dataDir, err)
	}
}
