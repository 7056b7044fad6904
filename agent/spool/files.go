package spool

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// The files beside the segments.
const (
	epochFile   = "epoch"
	ackedFile   = "acked"
	reserveFile = "reserve"
	lockFile    = "lock"
)

// The magics of the small files. The last digit is the version of the format.
const (
	epochMagic = "kengepo1"
	ackedMagic = "kengack1"
)

const epochBytes = 16

// seal returns magic, body and the CRC-32C of both.
func seal(magic string, body []byte) []byte {
	sealed := append([]byte(magic), body...)
	return binary.LittleEndian.AppendUint32(sealed, crc32.Checksum(sealed, crc32.MakeTable(crc32.Castagnoli)))
}

// unseal returns the body of a sealed file of a known length.
func unseal(magic string, sealed []byte, length int) ([]byte, error) {
	if len(sealed) != len(magic)+length+4 {
		return nil, fmt.Errorf("%w: the file has a wrong length", ErrDamaged)
	}
	body := sealed[len(magic) : len(magic)+length]
	if !bytes.Equal(sealed, seal(magic, body)) {
		return nil, fmt.Errorf("%w: the file's checksum is wrong", ErrDamaged)
	}
	return bytes.Clone(body), nil
}

// readEpoch returns the epoch; the error is [fs.ErrNotExist] if there is none.
func readEpoch(dir string) ([]byte, error) {
	sealed, err := os.ReadFile(filepath.Join(dir, epochFile))
	if err != nil {
		return nil, err
	}
	return unseal(epochMagic, sealed, epochBytes)
}

// makeEpoch draws an epoch and writes it for good: after a power cut it is there
// whole, or not at all.
func makeEpoch(dir string) ([]byte, error) {
	epoch := make([]byte, epochBytes)
	rand.Read(epoch) // it never fails
	name := filepath.Join(dir, epochFile)
	file, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = file.Write(seal(epochMagic, epoch))
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err == nil {
		err = syncDir(dir)
	}
	return epoch, err
}

// readAcked returns the number acknowledged, or an error if it is not known.
func readAcked(dir string) (uint64, error) {
	sealed, err := os.ReadFile(filepath.Join(dir, ackedFile))
	if err != nil {
		return 0, err
	}
	body, err := unseal(ackedMagic, sealed, 8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(body), nil
}

// writeAcked replaces the number acknowledged.
func writeAcked(dir string, acked uint64) error {
	name := filepath.Join(dir, ackedFile)
	body := binary.LittleEndian.AppendUint64(nil, acked)
	if err := os.WriteFile(name+".new", seal(ackedMagic, body), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// makeReserve sets bytes aside for when the disk is full, if it can. On a disk that
// compresses or that copies on write it helps little.
func makeReserve(dir string) {
	name := filepath.Join(dir, reserveFile)
	if info, err := os.Stat(name); err == nil && info.Size() == reserveBytes {
		return
	}
	filler := make([]byte, reserveBytes)
	rand.Read(filler)
	if os.WriteFile(name, filler, fs.FileMode(0o600)) != nil {
		os.Remove(name)
	}
}

// syncDir makes new and renamed files of a directory durable. Windows cannot sync a directory.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}
