package raftstore

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A state goes from node to node as a stream, all numbers being big endian:
//
//	1  level of this format
//	and for each file of the checkpoint, in the order of their names:
//	2  length of the name
//	   name
//	8  size
//	   bytes
//	4  CRC-32C of name and bytes
//	and at the end:
//	2  zero
const (
	streamLevel    = 1
	streamFileHead = 2 + 8 + 4
	streamNameMax  = 255
	streamFileMax  = 1 << 40
	streamFilesMax = 1 << 20
	streamBuffer   = 256 << 10

	fileEngineLock = "LOCK" // of the engine's: not a part of the state
)

var errStream = errors.New("the state that another node sends cannot be read")

// stateFiles returns the names of a checkpoint's files, sorted, and how long the
// stream with them is.
func stateFiles(disk vfs.FS, dir string) (names []string, size int64, err error) {
	all, err := disk.List(dir)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot read a snapshot: %w", err)
	}
	slices.Sort(all)
	size = 1 + 2
	for _, name := range all {
		if name == fileEngineLock {
			continue
		}
		info, err := disk.Stat(disk.PathJoin(dir, name))
		if err != nil {
			return nil, 0, fmt.Errorf("cannot read a snapshot: %w", err)
		}
		names = append(names, name)
		size += int64(streamFileHead+len(name)) + info.Size()
	}
	return names, size, nil
}

// sendState writes the stream.
func sendState(w io.Writer, disk vfs.FS, dir string, names []string) error {
	out := bufio.NewWriterSize(w, streamBuffer)
	if err := out.WriteByte(streamLevel); err != nil {
		return err
	}
	for _, name := range names {
		if err := sendFile(out, disk, dir, name); err != nil {
			return err
		}
	}
	if _, err := out.Write([]byte{0, 0}); err != nil {
		return err
	}
	return out.Flush()
}

func sendFile(out io.Writer, disk vfs.FS, dir, name string) error {
	f, err := disk.Open(disk.PathJoin(dir, name), vfs.SequentialReadsOption)
	if err != nil {
		return fmt.Errorf("cannot read a snapshot: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("cannot read a snapshot: %w", err)
	}
	head := binary.BigEndian.AppendUint16(nil, uint16(len(name)))
	head = append(head, name...)
	head = binary.BigEndian.AppendUint64(head, uint64(info.Size()))
	if _, err := out.Write(head); err != nil {
		return err
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	_, _ = io.WriteString(sum, name)
	if _, err := io.CopyN(io.MultiWriter(out, sum), f, info.Size()); err != nil {
		return fmt.Errorf("cannot send a snapshot: %w", err)
	}
	_, err = out.Write(sum.Sum(nil))
	return err
}

// receiveState reads the stream into a directory that is made for it, and syncs all.
func receiveState(r io.Reader, disk vfs.FS, dir string) error {
	if err := makeDir(disk, dir); err != nil {
		return err
	}
	in := bufio.NewReaderSize(r, streamBuffer)
	level, err := in.ReadByte()
	if err != nil {
		return fmt.Errorf("%w: %w", errStream, err)
	}
	if level != streamLevel {
		return fmt.Errorf("%w: it has format level %d, and this version reads %d", errStream, level, streamLevel)
	}
	for range streamFilesMax {
		more, err := receiveFile(in, disk, dir)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		if _, err := in.ReadByte(); err != io.EOF {
			return fmt.Errorf("%w: something follows its end", errStream)
		}
		return syncDir(disk, dir)
	}
	return fmt.Errorf("%w: it has too many files", errStream)
}

// receiveFile reads one file. It returns false at the end of the stream.
func receiveFile(in *bufio.Reader, disk vfs.FS, dir string) (bool, error) {
	var head [8]byte
	if _, err := io.ReadFull(in, head[:2]); err != nil {
		return false, fmt.Errorf("%w: %w", errStream, err)
	}
	length := binary.BigEndian.Uint16(head[:2])
	if length == 0 {
		return false, nil
	}
	b := make([]byte, length)
	if _, err := io.ReadFull(in, b); err != nil {
		return false, fmt.Errorf("%w: %w", errStream, err)
	}
	name := string(b)
	if !plainName(name) {
		return false, fmt.Errorf("%w: %q is no name of a file of a state", errStream, name)
	}
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return false, fmt.Errorf("%w: %w", errStream, err)
	}
	size := binary.BigEndian.Uint64(head[:])
	if size > streamFileMax {
		return false, fmt.Errorf("%w: file %s has %d bytes", errStream, name, size)
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	_, _ = io.WriteString(sum, name)
	if err := fill(disk, disk.PathJoin(dir, name), io.TeeReader(in, sum), int64(size)); err != nil {
		return false, err
	}
	if _, err := io.ReadFull(in, head[:4]); err != nil {
		return false, fmt.Errorf("%w: %w", errStream, err)
	}
	if binary.BigEndian.Uint32(head[:4]) != sum.Sum32() {
		return false, fmt.Errorf("%w: the checksum of file %s is wrong", errStream, name)
	}
	return true, nil
}

// plainName tells whether a name is one that the engine gives its files. Anything
// else, such as a path, must not reach the file system.
func plainName(name string) bool {
	if len(name) > streamNameMax || name[0] == '.' || name == fileEngineLock {
		return false
	}
	for _, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// fill makes a file of the next bytes of a stream, and syncs it.
func fill(disk vfs.FS, path string, in io.Reader, size int64) error {
	f, err := disk.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("cannot write a snapshot: %w", err)
	}
	_, err = io.CopyN(f, in, size)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("cannot write a snapshot: %w", err)
	}
	return nil
}
