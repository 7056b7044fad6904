//go:build !unix

package ledger

import (
	"os"
	"path/filepath"
)

// lockDir opens the lock file. Here nothing keeps a second process out.
func lockDir(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "ledger.lock"), os.O_RDWR|os.O_CREATE, 0o600)
}
