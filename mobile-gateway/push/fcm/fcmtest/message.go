package fcmtest

//lint:file-ignore ST1005 the errors of this file are Google's own sentences

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Message is one message as it came, decoded, and what became of it. The fields
// are those of the REST resource projects.messages that a pager can want; any
// other is refused, as Google refuses unknown names.
type Message struct {
	Token        string            `json:"token"`
	Topic        string            `json:"topic"`
	Condition    string            `json:"condition"`
	Data         map[string]string `json:"data"`
	Notification *Notification     `json:"notification"`
	Android      *Android          `json:"android"`
	APNS         *APNS             `json:"apns"`
	Webpush      json.RawMessage   `json:"webpush"`
	FCMOptions   json.RawMessage   `json:"fcm_options"`

	// Name is the provider's id of an accepted message.
	Name string `json:"-"`
	// Outcome is empty for an accepted message, else an error code or [Stalled],
	// [Dropped] or [Garbled].
	Outcome string    `json:"-"`
	At      time.Time `json:"-"`
	// Bytes is the length of the message's JSON without white space.
	Bytes int `json:"-"`
}

// Notification is what a phone shows on any platform.
type Notification struct {
	Title string `json:"title"`
	Body  string `json:"body"`
	Image string `json:"image"`
}

// Android is what only Android phones use.
type Android struct {
	CollapseKey           string               `json:"collapse_key"`
	Priority              string               `json:"priority"`
	TTL                   string               `json:"ttl"`
	RestrictedPackageName string               `json:"restricted_package_name"`
	Data                  map[string]string    `json:"data"`
	Notification          *AndroidNotification `json:"notification"`
	DirectBootOK          bool                 `json:"direct_boot_ok"`
	FCMOptions            json.RawMessage      `json:"fcm_options"`
}

// AndroidNotification is how an Android phone shows it.
type AndroidNotification struct {
	Title        string `json:"title"`
	Body         string `json:"body"`
	Icon         string `json:"icon"`
	Color        string `json:"color"`
	Sound        string `json:"sound"`
	Tag          string `json:"tag"`
	ClickAction  string `json:"click_action"`
	ChannelID    string `json:"channel_id"`
	Ticker       string `json:"ticker"`
	Sticky       bool   `json:"sticky"`
	EventTime    string `json:"event_time"`
	LocalOnly    bool   `json:"local_only"`
	Priority     string `json:"notification_priority"`
	Visibility   string `json:"visibility"`
	DefaultSound bool   `json:"default_sound"`
}

// APNS is what only Apple's phones use: the headers and payload of APNs.
type APNS struct {
	Headers    map[string]string `json:"headers"`
	Payload    map[string]any    `json:"payload"`
	FCMOptions json.RawMessage   `json:"fcm_options"`
}

// Tag is the name under which the message replaces an older one on the screen.
func (m Message) Tag() string {
	if m.Android == nil || m.Android.Notification == nil {
		return ""
	}
	return m.Android.Notification.Tag
}

// payloadMax is the greatest message in bytes. Google counts notification and
// data; counting the whole message errs on the safe side.
const payloadMax = 4096

// ttlMax is four weeks.
const ttlMax = 28 * 24 * time.Hour

// DecodeMessage reads the body of a send call and checks the message as Google
// does. The error's text is Google's.
func DecodeMessage(body []byte) (Message, error) {
	var call struct {
		ValidateOnly bool            `json:"validate_only"`
		Message      json.RawMessage `json:"message"`
	}
	if err := strictly(body, &call); err != nil {
		return Message{}, err
	}
	var m Message
	if len(call.Message) == 0 || string(call.Message) == "null" {
		return m, errors.New("Message is empty.")
	}
	if err := strictly(call.Message, &m); err != nil {
		return Message{}, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, call.Message); err != nil {
		return Message{}, err
	}
	m.Bytes = compact.Len()
	return m, m.check()
}

// strictly decodes one JSON value in which every name must be known.
func strictly(body []byte, into any) error {
	if !utf8.Valid(body) {
		return errors.New("Invalid JSON payload received. Invalid UTF-8.")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("Invalid JSON payload received. %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("Invalid JSON payload received. Expected end of input.")
	}
	return nil
}

// ttlForm is a google.protobuf.Duration as JSON.
var ttlForm = regexp.MustCompile(`^[0-9]{1,10}(\.[0-9]{1,9})?s$`)

func (m Message) check() error {
	targets := 0
	for _, target := range []string{m.Token, m.Topic, m.Condition} {
		if target != "" {
			targets++
		}
	}
	switch {
	case targets == 0:
		return errors.New("Recipient of the message is not set.")
	case targets > 1:
		return errors.New("Invalid value at 'message' (oneof), oneof field 'target' is already set.")
	case m.Bytes > payloadMax:
		return errors.New("Android message is too big")
	}
	for key := range m.Data {
		if key == "from" || key == "message_type" || strings.HasPrefix(key, "google.") || strings.HasPrefix(key, "gcm.") {
			return fmt.Errorf("Invalid data payload key: %s", key)
		}
	}
	if err := m.Android.check(); err != nil {
		return err
	}
	return m.APNS.check()
}

func (a *Android) check() error {
	if a == nil {
		return nil
	}
	switch strings.ToUpper(a.Priority) {
	case "", "NORMAL", "HIGH":
	default:
		return fmt.Errorf("Invalid value at 'message.android.priority', %q", a.Priority)
	}
	if a.TTL != "" {
		if !ttlForm.MatchString(a.TTL) {
			return fmt.Errorf("Invalid value at 'message.android.ttl', %q", a.TTL)
		}
		if seconds, _ := strconv.ParseFloat(strings.TrimSuffix(a.TTL, "s"), 64); seconds > ttlMax.Seconds() {
			return errors.New("Invalid TTL: must be between 0 and 2419200 seconds")
		}
	}
	return nil
}

func (a *APNS) check() error {
	if a == nil {
		return nil
	}
	if id := a.Headers["apns-collapse-id"]; len(id) > 64 {
		return errors.New("Invalid value at 'message.apns.headers', apns-collapse-id exceeds 64 bytes")
	}
	if at, ok := a.Headers["apns-expiration"]; ok {
		if _, err := strconv.ParseInt(at, 10, 64); err != nil {
			return errors.New("Invalid value at 'message.apns.headers', apns-expiration is not a number")
		}
	}
	if _, ok := a.Payload["aps"].(map[string]any); a.Payload != nil && !ok {
		return errors.New("Invalid value at 'message.apns.payload', aps is missing")
	}
	return nil
}
