package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"keng/hub/core/query"
)

// columns are the names of the columns, without case and diacritics.
func columns() map[string][]string {
	return map[string][]string{
		"start": {"start", "from", "begin", "bat dau", "tu"},
		"end":   {"end", "to", "until", "ket thuc", "den"},
		"user":  {"user", "username", "person", "who", "nguoi truc", "nhan vien", "ho ten", "ho va ten"},
		"date":  {"date", "day", "ngay"},
		"shift": {"shift", "hours", "ca", "ca truc", "gio"},
	}
}

// Header is the first line of CSV as this package writes it.
const Header = "start,end,user"

// lineMax bounds a line, in bytes; one with line breaks in quotation marks as a whole. (A little more
// may be taken: as much as is read ahead.)
const lineMax = 64 << 10

// errLongLine says that a line is longer.
var errLongLine = fmt.Errorf("the line is longer than %d KiB: look for a quotation mark too many or too few, or leave out what is not needed", lineMax>>10)

// ration reads no more than is left, so that a line of a million cells is not taken apart.
type ration struct {
	r    io.Reader
	left int
}

func (b *ration) Read(into []byte) (int, error) {
	if b.left == 0 {
		return 0, errLongLine
	}
	n, err := b.r.Read(into[:min(len(into), b.left)])
	b.left -= n
	return n, err
}

// A sheet is CSV whose columns are known.
type sheet struct {
	at   map[string]int // where a column is
	r    *csv.Reader
	left *ration // of the text, for one line
	text []byte  // that r reads
	// skipped are the lines before those that r reads.
	skipped int
}

// read reads a line, if it is not too long.
func (s *sheet) read() ([]string, error) {
	s.left.left = lineMax
	return s.r.Read()
}

// readCSV takes the lines of a spreadsheet as shifts.
func readCSV(raw []byte, zone *time.Location, p *problems) (all []Shift) {
	s := openSheet(bytes.TrimPrefix(raw, []byte("\ufeff")), p)
	if s == nil {
		return nil
	}
	lines := 0
	for {
		before := s.r.InputOffset()
		record, err := s.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, errLongLine) {
			p.add(s.skipped+bytes.Count(s.text[:before], []byte("\n"))+1, "%v", err)
			return all
		}
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			p.add(wrong.Line+s.skipped, "%v: look for a quotation mark too many or too few", wrong.Err)
			return all
		}
		if err != nil {
			p.add(1, "%v", err)
			return all
		}
		line, _ := s.r.FieldPos(0)
		line += s.skipped
		if !slices.ContainsFunc(record, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			continue
		}
		if lines++; lines > ShiftsMax {
			p.add(line, "there are more than %d shifts: import a shorter time", ShiftsMax)
			return all
		}
		if shift, words := readLine(s.cells(record), zone); words != "" {
			p.add(line, "%s", words)
		} else {
			shift.Line = line
			all = append(all, shift)
		}
	}
	if lines == 0 {
		p.add(1, "there is no shift under the names of the columns")
	}
	return all
}

// cells finds the cells of a line by their columns.
func (s *sheet) cells(record []string) func(string) string {
	return func(name string) string {
		if i, ok := s.at[name]; ok && i < len(record) {
			return strings.TrimSpace(strings.ReplaceAll(record[i], "\u00a0", " "))
		}
		return ""
	}
}

// openSheet finds out how the columns are separated and where they are; nil if it cannot.
func openSheet(text []byte, p *problems) *sheet {
	s := &sheet{}
	for len(text) > 0 {
		first, rest, _ := bytes.Cut(text, []byte("\n"))
		line := strings.TrimSpace(string(first))
		if line != "" && !strings.HasPrefix(strings.ToLower(line), "sep=") { // which Excel writes above
			break
		}
		text, s.skipped = rest, s.skipped+1
	}
	for _, comma := range ",;\t" {
		s.text, s.left = text, &ration{r: bytes.NewReader(text)}
		s.r = csv.NewReader(s.left)
		s.r.Comma, s.r.FieldsPerRecord, s.r.TrimLeadingSpace = comma, -1, comma != '\t'
		header, err := s.read()
		if err == nil && s.find(header) {
			return s
		}
	}
	p.add(s.skipped+1, "the first line must name the columns: %s, or date,shift,user (bắt đầu;kết thúc;người trực, or ngày;ca;người trực), separated by commas, semicolons or tabs", Header)
	return nil
}

// find notes where the columns are, and reports whether those of a form are there, each once.
func (s *sheet) find(header []string) bool {
	s.at = map[string]int{}
	for i, cell := range header[:min(len(header), 100)] {
		cell = strings.Join(strings.Fields(query.Fold(cell)), " ")
		for name, known := range columns() {
			if !slices.Contains(known, cell) {
				continue
			}
			if _, twice := s.at[name]; twice {
				return false
			}
			s.at[name] = i
		}
	}
	has := func(names ...string) bool {
		for _, name := range names {
			if _, ok := s.at[name]; !ok {
				return false
			}
		}
		return true
	}
	return has("user", "start", "end") || has("user", "date", "shift")
}

// readLine reads one shift. What is wrong is told in words.
func readLine(cell func(string) string, zone *time.Location) (s Shift, words string) {
	who := cell("user")
	if who == "" {
		return s, "nobody is named: write a username or a full name, or leave the line out"
	}
	s.Who = []string{who}
	if cell("start") != "" || cell("end") != "" {
		if s.Start, words = readMoment(cell("start"), zone, false); words == "" {
			s.End, words = readMoment(cell("end"), zone, true)
		}
	} else {
		s.Start, s.End, words = readHours(cell("date"), cell("shift"), zone)
	}
	if words == "" && !s.Start.Before(s.End) {
		words = "the end is not after the start"
	}
	return s, words
}

// Write writes one shift as a line of CSV under [Header].
func Write(w *csv.Writer, start, end time.Time, user string, zone *time.Location) error {
	text := func(t time.Time) string {
		wall := t.In(zone)
		if back, words := onWall(time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, time.UTC), zone); words != "" || !back.Equal(t) {
			return wall.Format(time.RFC3339) // the second of two
		}
		return wall.Format("2006-01-02 15:04")
	}
	return w.Write([]string{text(start), text(end), user})
}
