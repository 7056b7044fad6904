package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
)

// etcdConnections is over how many connections the writers are spread.
const etcdConnections = 8

// openEtcds runs three etcd processes as one cluster, without TLS.
func openEtcds(ctx context.Context, dir, binary string) (*committer, error) {
	clients, err := freeAddresses(nodesOfThree)
	if err != nil {
		return nil, err
	}
	peers, err := freeAddresses(nodesOfThree)
	if err != nil {
		return nil, err
	}
	var members []string
	for i, peer := range peers {
		members = append(members, fmt.Sprintf("n%d=http://%s", i+1, peer))
	}
	var processes []*process
	closeAll := func() {
		for _, p := range processes {
			p.stop()
		}
	}
	for i := range nodesOfThree {
		id := fmt.Sprintf("n%d", i+1)
		p, err := start(exec.CommandContext(ctx, binary, "--name", id, "--data-dir", filepath.Join(dir, id), "--log-level", "error",
			"--listen-client-urls", "http://"+clients[i], "--advertise-client-urls", "http://"+clients[i],
			"--listen-peer-urls", "http://"+peers[i], "--initial-advertise-peer-urls", "http://"+peers[i],
			"--initial-cluster", strings.Join(members, ","), "--initial-cluster-state", "new"), filepath.Join(dir, id+".log"))
		if err != nil {
			closeAll()
			return nil, err
		}
		processes = append(processes, p)
	}
	var leader string
	err = processes[0].await(ctx, func() bool {
		leader = etcdLeader(ctx, clients)
		return leader != ""
	})
	if err != nil {
		closeAll()
		return nil, err
	}
	c, err := etcdClient(leader)
	if err != nil {
		closeAll()
		return nil, err
	}
	return &committer{c.put, func() { c.close(); closeAll() }}, nil
}

// etcdLeader asks all nodes whether they lead, and returns the address of the one that
// says so; empty if none does.
func etcdLeader(ctx context.Context, addresses []string) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, address := range addresses {
		conn, err := dialEtcd(address)
		if err != nil {
			continue
		}
		var status []byte
		err = conn.Invoke(ctx, "/etcdserverpb.Maintenance/Status", &[]byte{}, &status)
		_ = conn.Close()
		if err == nil && leads(status) {
			return address
		}
	}
	return ""
}

// leads reads a StatusResponse {ResponseHeader header = 1; … uint64 leader = 4} with
// ResponseHeader {… uint64 member_id = 2} (etcd's rpc.proto).
func leads(status []byte) bool {
	header, _ := field(status, 1)
	_, self := field(header, 2)
	_, leader := field(status, 4)
	return leader != 0 && leader == self
}

// field returns a field of a protobuf message: its bytes, or its number if it is a varint.
func field(message []byte, wanted protowire.Number) (bytes []byte, number uint64) {
	for len(message) > 0 {
		num, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, 0
		}
		message = message[n:]
		n = protowire.ConsumeFieldValue(num, kind, message)
		if n < 0 {
			return nil, 0
		}
		if num == wanted && kind == protowire.BytesType {
			bytes, _ = protowire.ConsumeBytes(message)
			return bytes, 0
		}
		if num == wanted && kind == protowire.VarintType {
			number, _ = protowire.ConsumeVarint(message)
			return nil, number
		}
		message = message[n:]
	}
	return nil, 0
}

// etcdConns are connections to one etcd node.
type etcdConns []*grpc.ClientConn

func etcdClient(address string) (etcdConns, error) {
	var c etcdConns
	for range etcdConnections {
		conn, err := dialEtcd(address)
		if err != nil {
			c.close()
			return nil, err
		}
		c = append(c, conn)
	}
	return c, nil
}

func dialEtcd(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///"+address, grpc.WithNoProxy(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(bytesCodec{})))
}

// put sends a PutRequest {bytes key = 1; bytes value = 2}.
func (c etcdConns) put(ctx context.Context, worker int, key string, value []byte) error {
	var request, response []byte
	request = protowire.AppendString(protowire.AppendTag(request, 1, protowire.BytesType), key)
	request = protowire.AppendBytes(protowire.AppendTag(request, 2, protowire.BytesType), value)
	return c[worker%len(c)].Invoke(ctx, "/etcdserverpb.KV/Put", &request, &response)
}

func (c etcdConns) close() {
	for _, conn := range c {
		_ = conn.Close()
	}
}

// bytesCodec hands messages on as they are: *[]byte.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) ([]byte, error) {
	message, ok := v.(*[]byte)
	if !ok {
		return nil, errors.New("not bytes")
	}
	return *message, nil
}

func (bytesCodec) Unmarshal(data []byte, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return errors.New("not bytes")
	}
	*message = slices.Clone(data)
	return nil
}
