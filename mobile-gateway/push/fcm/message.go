package fcm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"firebase.google.com/go/v4/messaging"

	"keng/proto/channel"
)

// The notification channels on Android that the app makes: their sound and whether they
// break through "do not disturb" are the owner's to choose.
const (
	UrgentChannel = "keng-urgent" // P1 and P2
	PageChannel   = "keng-page"   // all others
)

// Bounds of a message.
const (
	titleMax   = 120              // runes
	bodyMax    = 900              // runes
	idMax      = 64               // bytes: APNs' bound of a collapse id, and ours of any id
	messageMax = 4000             // bytes of the whole message as JSON; FCM's bound is 4096 of payload
	ttlMin     = 30 * time.Second // so that a page handed over in time survives a short gap of the phone's network
	ttlMax     = 28 * 24 * time.Hour
)

// Data holds the names of the data fields that the app reads. All values are
// strings, as FCM demands.
type Data struct {
	AlertID    string `json:"alert_id"`
	TinyID     string `json:"tiny_id"`
	Priority   string `json:"priority"`
	Sequence   string `json:"sequence"` // decimal: an app never shows a lower one over a higher one
	DeliveryID string `json:"delivery_id"`
	Repeat     string `json:"repeat,omitempty"`  // "true" if this page may have come before
	LateBy     string `json:"late_by,omitempty"` // whole seconds
	// Alerts is how many alerts the page speaks of, if of several: alert_id is the gravest of
	// them, and the page has a place on the screen of its own.
	Alerts string `json:"alerts,omitempty"`
}

// newMessage builds the message for a page that is sent now.
func newMessage(page channel.Page, now time.Time) *messaging.Message {
	title, body := text(page)
	screen := screenID(page)
	urgent := page.Priority == "P1" || page.Priority == "P2"
	ttl := min(max(page.SendBy.Sub(now), ttlMin), ttlMax).Truncate(time.Second)
	m := &messaging.Message{
		Token:        page.Address,
		Notification: &messaging.Notification{Title: title, Body: body},
		Data:         data(page),
		Android:      android(screen, urgent, ttl),
		APNS:         apns(screen, urgent, now.Add(ttl)),
	}
	fit(m)
	return m
}

func android(screen string, urgent bool, ttl time.Duration) *messaging.AndroidConfig {
	notification := &messaging.AndroidNotification{
		ChannelID: PageChannel, Tag: screen, DefaultSound: true, Priority: messaging.PriorityHigh,
	}
	if urgent {
		notification.ChannelID, notification.Priority = UrgentChannel, messaging.PriorityMax
	}
	return &messaging.AndroidConfig{
		Priority: "high", TTL: &ttl, CollapseKey: screen, DirectBootOK: true, Notification: notification,
	}
}

// apns is what FCM hands to Apple. See "Sending notification requests to APNs" and
// "Generating a remote notification" in Apple's UserNotifications documentation.
func apns(screen string, urgent bool, expires time.Time) *messaging.APNSConfig {
	aps := &messaging.Aps{ThreadID: screen, Sound: "default", CustomData: map[string]any{"interruption-level": "time-sensitive"}}
	if urgent {
		aps.Sound = ""
		aps.CriticalSound = &messaging.CriticalSound{Critical: true, Name: "default", Volume: 1}
		aps.CustomData["interruption-level"] = "critical"
	}
	return &messaging.APNSConfig{
		Headers: map[string]string{
			"apns-push-type":   "alert",
			"apns-priority":    "10", // at once, also from a sleeping phone
			"apns-expiration":  strconv.FormatInt(expires.Unix(), 10),
			"apns-collapse-id": screen,
		},
		Payload: &messaging.APNSPayload{Aps: aps},
	}
}

func data(page channel.Page) map[string]string {
	d := Data{
		AlertID: bounded(page.AlertID), TinyID: bounded(page.TinyID), Priority: bounded(page.Priority),
		Sequence: strconv.FormatUint(page.Sequence, 10), DeliveryID: bounded(page.ID),
	}
	if page.Repeat {
		d.Repeat = "true"
	}
	if page.Alerts > 1 {
		d.Alerts = strconv.Itoa(page.Alerts)
	}
	if page.LateBy > 0 {
		d.LateBy = strconv.FormatInt(int64(page.LateBy.Seconds()), 10)
	}
	fields := map[string]string{}
	encoded, err := json.Marshal(d)
	if err == nil {
		err = json.Unmarshal(encoded, &fields)
	}
	if err != nil {
		panic("fcm: a struct of strings is no map of strings: " + err.Error())
	}
	return fields
}

// screenID is the name of the alert's place on the screen; a page about several has a place
// of its own: it must not replace one about a single alert. An id that is too long for
// APNs, or not plain, is replaced by its hash.
func screenID(page channel.Page) string {
	id := page.AlertID
	if id == "" || page.Alerts > 1 {
		id = page.ID
	}
	if len(id) <= idMax && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return id
	}
	hash := sha256.Sum256([]byte(id))
	return hex.EncodeToString(hash[:16])
}

// bounded is an id made fit for a message.
func bounded(id string) string { return oneLine(id, idMax) }

// fit shortens the body until the message is small enough. Nothing else in it can
// be long, so that this comes to an end.
func fit(m *messaging.Message) {
	for {
		encoded, err := json.Marshal(m)
		if err != nil || len(encoded) <= messageMax || m.Notification.Body == "" {
			return // an error is for Send to report
		}
		runes := []rune(m.Notification.Body)
		m.Notification.Body = clip(m.Notification.Body, len(runes)*3/4)
	}
}

// clip shortens text to at most limit runes, the last of which then says so.
func clip(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	if limit < 1 {
		return ""
	}
	return strings.TrimRightFunc(string(runes[:limit-1]), unicode.IsSpace) + "…"
}
