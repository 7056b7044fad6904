package app

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"keng/proto/link"
)

// masterKey seals secrets before they reach a command. It is never in the store.
type masterKey [32]byte

// loadMasterKey reads the key from a file of 64 hex digits. If there is no such file and
// a cluster is being founded, it makes one that only its owner can read.
func loadMasterKey(file string, found bool) (masterKey, error) {
	var key masterKey
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && found {
		_, _ = rand.Read(key[:]) // never fails: crypto/rand.Read
		return key, key.save(file)
	}
	if err != nil {
		return key, fmt.Errorf("cannot read the master key, without which this cluster's secrets stay shut: %w; put the copy back, or name it with --key-file", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != len(key) {
		return key, fmt.Errorf("%s does not hold a master key: it should be 64 hex digits", file)
	}
	copy(key[:], raw)
	return key, nil
}

// save writes the key to a file that only its owner can read.
func (k masterKey) save(file string) error {
	return writeDurably(file, []byte(hex.EncodeToString(k[:])+"\n"))
}

// writeDurably writes a file that only its owner can read, so that after a crash it is
// there whole or not at all.
func writeDurably(file string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func (k masterKey) aead() cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic(err) // the key's length is constant
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES blocks have the right size
	}
	return aead
}

// seal encrypts a secret for one purpose; it opens for no other.
func (k masterKey) seal(secret []byte, purpose string) []byte {
	return k.aead().Seal(nil, nil, secret, []byte(purpose))
}

// open decrypts what seal made.
func (k masterKey) open(sealed []byte, purpose string) ([]byte, error) {
	secret, err := k.aead().Open(nil, nil, sealed, []byte(purpose))
	if err != nil {
		return nil, errors.New("the master key does not open this cluster's secrets: is it another cluster's key file?")
	}
	return secret, nil
}

// derive returns the key for one purpose, which all nodes of a cluster share.
func (k masterKey) derive(purpose string) (key [32]byte, err error) {
	derived, err := hkdf.Key(sha256.New, k[:], nil, "keng "+purpose, len(key))
	copy(key[:], derived)
	return key, err
}

// linkKeys returns the keys that all nodes of a cluster share on their links. They are the
// same after a restart, so that a peer of the process before is told at its next
// heartbeat that its connection is gone.
func (k masterKey) linkKeys() (*link.EndpointKeys, error) {
	var keys link.EndpointKeys
	for purpose, to := range map[string]*[32]byte{"stateless reset": &keys.StatelessReset, "token": &keys.Token, "ticket": &keys.Ticket} {
		key, err := k.derive("link: " + purpose)
		if err != nil {
			return nil, err
		}
		*to = key
	}
	return &keys, nil
}
