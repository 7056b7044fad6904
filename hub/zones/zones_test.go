package zones_test

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"keng/hub/zones"
)

// Zones are found by their IANA names alone, and found again without a file.
func TestFind(t *testing.T) {
	var f zones.Finder
	first, err := f.Find("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := f.Find("Asia/Ho_Chi_Minh"); again != first {
		t.Error("a zone is looked up twice")
	}
	for _, name := range []string{"", "Local", "Mars/North", "../../etc/passwd",
		"localtime", "posixrules", "Factory", "posix/Asia/Ho_Chi_Minh", "right/Asia/Ho_Chi_Minh", "./localtime", "Asia//Ho_Chi_Minh", "/usr/share/zoneinfo/Asia/Ho_Chi_Minh"} {
		if zone, err := f.Find(name); err == nil {
			t.Errorf("%q is %s", name, zone)
		}
	}
}

// write makes files in a folder.
func write(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Data is read from a folder and from a zip archive; what is no zone is passed over.
func TestRead(t *testing.T) {
	files := map[string]string{
		"Asia/Tokyo": "TZif-tokyo", "UTC": "TZif-utc", "posix/Asia/Tokyo": "TZif-tokyo", "right/UTC": "TZif-leap", "localtime": "TZif-here",
		"tzdata.zi": "# version 2026c\nR a", "zone.tab": "JP\t+35\tAsia/Tokyo", "huge": "TZif" + strings.Repeat("x", 300<<10),
	}
	dir := write(t, files)
	path := filepath.Join(t.TempDir(), "zoneinfo.zip")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(out)
	for name, content := range files {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{dir, path} {
		version, got, err := zones.Read(from)
		if err != nil || version != "2026c" || len(got) != 2 || string(got["Asia/Tokyo"]) != "TZif-tokyo" || string(got["UTC"]) != "TZif-utc" {
			t.Errorf("%s: version %q, %q, %v", from, version, got, err)
		}
	}
	if version, _, err := zones.Read(write(t, map[string]string{"version": "2025b\n", "UTC": "TZif"})); version != "2025b" || err != nil {
		t.Errorf("version %q, %v", version, err)
	}
}

// What is no time-zone data is said to be none.
func TestReadRefuses(t *testing.T) {
	file := filepath.Join(write(t, map[string]string{"x": "no archive"}), "x")
	for what, path := range map[string]string{"nothing": filepath.Join(t.TempDir(), "none"), "a text": file, "an empty folder": t.TempDir()} {
		if _, files, err := zones.Read(path); err == nil {
			t.Errorf("%s has %d zones", what, len(files))
		}
	}
	many := fstest.MapFS{}
	for i := range 5001 {
		many[fmt.Sprint(i)] = &fstest.MapFile{}
	}
	if _, _, err := zones.ReadFS(many); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("of a large folder: %v", err)
	}
}
