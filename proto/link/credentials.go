package link

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// Credentials are who I am and whom I trust.
type Credentials struct {
	// Certificate is my key with its chain, leaf first. A hub's chain includes
	// the authority.
	Certificate tls.Certificate
	// Authorities sign the certificates that I accept. During a change of
	// authority there are two.
	Authorities []*x509.Certificate
}

// The files of an identity.
const (
	keyFile         = "identity.key"    // PKCS #8, PEM, mode 0600
	certificateFile = "identity.crt"    // PEM, leaf first
	authoritiesFile = "authorities.crt" // PEM
	newSuffix       = ".new"
	maxPEM          = 1 << 20 // bytes of a file
)

// Leaf returns my own certificate, parsed.
func (c Credentials) Leaf() (*x509.Certificate, error) {
	if c.Certificate.Leaf != nil {
		return c.Certificate.Leaf, nil
	}
	if len(c.Certificate.Certificate) == 0 {
		return nil, errors.New("the credentials hold no certificate")
	}
	return x509.ParseCertificate(c.Certificate.Certificate[0])
}

// Peer returns who I am.
func (c Credentials) Peer() (Peer, error) {
	leaf, err := c.Leaf()
	if err != nil {
		return Peer{}, err
	}
	return PeerOf(leaf)
}

// bare is my certificate without the authorities that both sides have: only a
// joiner needs to be shown them. It makes the handshake shorter by one certificate.
func (c Credentials) bare() tls.Certificate {
	bare := c.Certificate
	bare.Certificate = slices.DeleteFunc(slices.Clone(bare.Certificate), func(der []byte) bool {
		return slices.ContainsFunc(c.Authorities, func(a *x509.Certificate) bool { return bytes.Equal(a.Raw, der) })
	})
	return bare
}

// LoadCredentials reads what [SaveCredentials] wrote. If nothing was ever saved
// there, the error is [fs.ErrNotExist].
func LoadCredentials(dir string) (Credentials, error) {
	certificate, err := loadPair(dir)
	if err != nil {
		return Credentials{}, err
	}
	data, err := readPEM(filepath.Join(dir, authoritiesFile))
	if err != nil {
		return Credentials{}, err
	}
	authorities, err := parseCertificates(data)
	if err != nil {
		return Credentials{}, fmt.Errorf("cannot read %s: %w", filepath.Join(dir, authoritiesFile), err)
	}
	return Credentials{Certificate: certificate, Authorities: authorities}, nil
}

// loadPair reads the key and its certificate. A save that was cut off between its
// two renames leaves one new file beside one old one; the missing half is then
// still there under its temporary name.
func loadPair(dir string) (tls.Certificate, error) {
	key, chain := filepath.Join(dir, keyFile), filepath.Join(dir, certificateFile)
	certificate, err := readPair(chain, key)
	if err == nil || errors.Is(err, fs.ErrPermission) {
		return certificate, err
	}
	for _, files := range [][2]string{{chain + newSuffix, key}, {chain, key + newSuffix}} {
		if certificate, err := readPair(files[0], files[1]); err == nil {
			return certificate, nil
		}
	}
	return tls.Certificate{}, err
}

func readPair(chainFile, keyFile string) (tls.Certificate, error) {
	key, err := readPEM(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	chain, err := readPEM(chainFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	certificate, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s and %s do not make an identity: %w", keyFile, chainFile, err)
	}
	return certificate, nil
}

func readPEM(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPEM {
		return nil, fmt.Errorf("%s is too long for what it should be", file)
	}
	return os.ReadFile(file)
}

func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	if len(certificates) == 0 {
		return nil, errors.New("there is no certificate in it")
	}
	return certificates, nil
}

// SaveCredentials writes credentials into a directory, which it makes (0700) if
// need be. Cut off at any moment, it leaves the old identity or the new one, whole:
// all files are written and synced under temporary names, then renamed one by one, and
// [LoadCredentials] mends what a cut between two renames leaves.
func SaveCredentials(dir string, c Credentials) error {
	key, err := x509.MarshalPKCS8PrivateKey(c.Certificate.PrivateKey)
	if err != nil {
		return fmt.Errorf("cannot encode the key: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the directory of the identity: %w", err)
	}
	// The authorities go first: the old certificate works with the new ones,
	// because a change of authority keeps both for a while.
	files := []struct {
		name string
		data []byte
		mode fs.FileMode
	}{
		{authoritiesFile, encodePEM("CERTIFICATE", rawOf(c.Authorities)...), 0o644},
		{keyFile, encodePEM("PRIVATE KEY", key), 0o600},
		{certificateFile, encodePEM("CERTIFICATE", c.Certificate.Certificate...), 0o644},
	}
	for _, file := range files {
		if err := writeSynced(filepath.Join(dir, file.name+newSuffix), file.data, file.mode); err != nil {
			return fmt.Errorf("cannot save the identity: %w", err)
		}
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("cannot save the identity: %w", err)
	}
	// What was renewed of the identity before is of no use to this one; or it is this one,
	// and then the old one is there until all is renamed.
	if err := os.RemoveAll(filepath.Join(dir, pendingDir)); err != nil {
		return fmt.Errorf("cannot save the identity: %w", err)
	}
	for _, file := range files {
		name := filepath.Join(dir, file.name)
		if err := os.Rename(name+newSuffix, name); err != nil {
			return fmt.Errorf("cannot save the identity: %w", err)
		}
	}
	return syncDir(dir)
}

// saveAuthorities writes whom to trust, and leaves key and certificate alone.
func saveAuthorities(dir string, authorities []*x509.Certificate) error {
	name := filepath.Join(dir, authoritiesFile)
	err := writeSynced(name+newSuffix, encodePEM("CERTIFICATE", rawOf(authorities)...), 0o644)
	if err == nil {
		err = os.Rename(name+newSuffix, name)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("cannot save whom to trust: %w", err)
	}
	return nil
}

func encodePEM(kind string, blocks ...[]byte) []byte {
	var text bytes.Buffer
	for _, block := range blocks {
		pem.Encode(&text, &pem.Block{Type: kind, Bytes: block}) // a bytes.Buffer takes everything
	}
	return text.Bytes()
}

func writeSynced(name string, data []byte, mode fs.FileMode) error {
	// A left-over of an earlier attempt may have another mode.
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// syncDir makes renames in a directory durable. Windows cannot sync a directory.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
