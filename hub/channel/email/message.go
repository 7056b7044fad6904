package email

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"mime"
	"net/url"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"

	"keng/proto/channel"
)

//go:embed mail.html
var page string

// view is what a mail's body is made of.
type view struct {
	Language            string
	Priority, Tiny      string
	Title, Body         string
	Colour              template.CSS
	Link                string
	Notes               []string // what must be known before all else: repeat, late, several
	Acknowledge, Secret string
	Why                 string
}

// compose writes the whole mail of a page, with lines that end as SMTP has it.
func (c *Channel) compose(p channel.Page, now time.Time) ([]byte, error) {
	m := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP), mail.WithNoDefaultUserAgent())
	if err := m.FromFormat(c.from.Name, c.from.Address); err != nil {
		return nil, err
	}
	if err := m.To(p.Address); err != nil {
		return nil, err
	}
	m.SetHeaderPreformatted(mail.HeaderSubject, encoded(subject(p)))
	m.SetDateWithValue(now)
	m.SetMessageIDWithValue(c.messageID("page", p.ID))
	thread := "<" + c.messageID("alert", threadOf(p)) + ">"
	m.SetGenHeader(mail.HeaderInReplyTo, thread)
	m.SetGenHeader(mail.HeaderReferences, thread)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	m.SetGenHeader(mail.HeaderXAutoResponseSuppress, "All")
	m.SetGenHeader("List-Id", "<keng."+c.domain+">") // RFC 2919: what a filter can hold on to
	m.SetGenHeader(mail.HeaderContentLang, string(languageOf(p)))
	if p.Priority == "P1" || p.Priority == "P2" {
		m.SetImportance(mail.ImportanceHigh)
	}
	v := viewOf(p)
	m.SetBodyString(mail.TypeTextPlain, v.plain(phrasesIn(p.Language)))
	pretty, err := v.html()
	if err != nil {
		return nil, err
	}
	m.AddAlternativeString(mail.TypeTextHTML, pretty)
	var out bytes.Buffer
	_, err = m.WriteTo(&out)
	return out.Bytes(), err
}

// encoded is a subject as a header holds it (RFC 2047). What leads in brackets stays in
// the clear, where every filter finds it, and so that the first line is never empty.
func encoded(subject string) string {
	head, rest, led := strings.Cut(subject, "] ")
	if !led || strings.ContainsFunc(head, func(r rune) bool { return r < ' ' || r > '~' }) {
		return mime.QEncoding.Encode("utf-8", subject)
	}
	return head + "] " + mime.QEncoding.Encode("utf-8", rest)
}

// threadOf is what all mails of one thread have in common.
func threadOf(p channel.Page) string {
	if p.AlertID != "" {
		return p.AlertID
	}
	return p.ID
}

// messageID is the name of a mail (RFC 5322, section 3.6.4). An id that is long or not plain
// is replaced by its hash.
func (c *Channel) messageID(kind, id string) string {
	if id == "" || len(id) > idMax || strings.ContainsFunc(id, odd) {
		hash := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(hash[:16])
	}
	return kind + "." + id + "@" + c.domain
}

// odd reports whether a rune may not stand in a message id.
func odd(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_')
}

func languageOf(p channel.Page) channel.Language {
	if p.Language == channel.Vietnamese {
		return channel.Vietnamese
	}
	return channel.English
}

// colours are those of the console for the priorities, on white.
func colour(priority string) template.CSS {
	switch priority {
	case "P1":
		return "#b3123a"
	case "P2":
		return "#b54708"
	case "P3":
		return "#7a5600"
	case "P4":
		return "#175cd3"
	}
	return "#475467"
}

func viewOf(p channel.Page) view {
	words := phrasesIn(p.Language)
	v := view{
		Language: string(languageOf(p)), Priority: oneLine(p.Priority, 16), Tiny: oneLine(p.TinyID, 20),
		Title: titleOf(p), Body: lines(p.Body, bodyMax), Colour: colour(p.Priority), Link: safeLink(p.Link),
		Acknowledge: words.acknowledge, Secret: words.secret, Why: words.why,
	}
	if p.AlertID == "" {
		v.Why = words.whyNotice
	}
	if p.Repeat {
		v.Notes = append(v.Notes, words.repeat)
	}
	if p.LateBy > 0 {
		v.Notes = append(v.Notes, fmt.Sprintf(words.late, words.duration(p.LateBy)))
	}
	if p.Alerts > 1 {
		v.Notes = append(v.Notes, fmt.Sprintf(words.several, p.Alerts))
	}
	return v
}

// safeLink returns a link that a mail may hold; "" for none.
func safeLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(link) > 2000 {
		return ""
	}
	return link
}

// plain is the mail for who reads no HTML.
func (v *view) plain(words phrases) string {
	var b strings.Builder
	for _, note := range v.Notes {
		b.WriteString(note + "\n\n")
	}
	head := strings.TrimSpace(v.Priority + " " + prefixed("#", v.Tiny))
	b.WriteString(strings.TrimSpace(head+" "+v.Title) + "\n")
	if v.Body != "" {
		b.WriteString("\n" + v.Body + "\n")
	}
	if v.Link != "" {
		b.WriteString("\n" + words.link + "\n" + v.Link + "\n\n" + v.Secret + "\n")
	}
	b.WriteString("\n-- \n" + v.Why + "\n")
	return b.String()
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func (v *view) html() (string, error) {
	t, err := template.New("mail").Parse(page)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, v)
	return b.String(), err
}
