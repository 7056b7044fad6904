package zones

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// The bounds of a file of time-zone data.
const (
	filesMax = 5_000     // looked at
	fileMax  = 256 << 10 // bytes of one
)

// magic is what data of a zone begins with (RFC 9636 section 3.1).
const magic = "TZif"

// Read reads time-zone data: a zip archive, such as the zoneinfo.zip of a Go toolchain, or a
// folder, such as /usr/share/zoneinfo. It returns the data by the zones' names, and which
// version it says to be ("" if it does not say: Go's does not). What is no zone is passed
// over.
func Read(path string) (version string, files map[string][]byte, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", nil, err
	}
	if info.IsDir() {
		return read(os.DirFS(path))
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		return "", nil, fmt.Errorf("%s is neither a folder nor a zip archive of time-zone data: %w", path, err)
	}
	defer archive.Close()
	return read(archive)
}

// places are where systems keep their time-zone data.
var places = [...]string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}

// Machine reads the time-zone data of this machine, as [Read] does. It is an error if there is
// none, or if it does not say which version it is.
func Machine() (version string, files map[string][]byte, err error) {
	for _, place := range places {
		if version, files, err = Read(place); err == nil && version != "" {
			return version, files, nil
		}
	}
	return "", nil, errors.New("this machine has no time-zone data that says its version: install the package tzdata")
}

func read(folder fs.FS) (version string, files map[string][]byte, err error) {
	files, looked := map[string][]byte{}, 0
	err = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ofTheMachine(name) && entry.IsDir():
			return fs.SkipDir
		case ofTheMachine(name) || entry.IsDir():
			return nil
		}
		if looked++; looked > filesMax {
			return errors.New("there are too many files for time-zone data")
		}
		content, err := head(folder, name)
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(string(content), magic) && len(content) < fileMax:
			files[name] = content
		case version == "":
			version = versionIn(name, string(content))
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = errors.New("there is no time-zone data in it: give a zoneinfo.zip or a folder such as /usr/share/zoneinfo")
	}
	return version, files, err
}

// head returns the beginning of a file, all of it if it is not longer than a zone's may be.
func head(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, fileMax))
}

// versionIn returns the version that a file tells, if it is one of those that do.
func versionIn(name, content string) string {
	first, _, _ := strings.Cut(content, "\n")
	switch name {
	case "version", "+VERSION":
		return strings.TrimSpace(first)
	case "tzdata.zi":
		return strings.TrimSpace(strings.TrimPrefix(first, "# version "))
	}
	return ""
}
