package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// What lies in the data directory; the package's comment says what each is.
const (
	identityDir = "identity"
	spoolDir    = "spool"
	hubsFile    = "hubs.json"
	probesFile  = "probes.json"
)

// smallMax bounds the small files, in bytes.
const smallMax = 64 << 10

// readSmall reads one of the small files.
func readSmall(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, smallMax+1))
	if err == nil && len(data) > smallMax {
		err = fmt.Errorf("%s is longer than %d bytes", path, smallMax)
	}
	return data, err
}

// writeJSON replaces a small file. Cut off at any moment, by a power cut too, it leaves
// the old one or the new one: an agent far away whose list of hubs is empty after a cut
// is lost until somebody goes there.
func writeJSON(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	unfinished := path + ".new"
	file, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(data, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}
