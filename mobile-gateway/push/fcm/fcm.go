// Package fcm reaches phones, Android and Apple alike, through Firebase Cloud
// Messaging (HTTP v1). It is the only package that imports Firebase.
//
// # One attempt
//
// Google's client repeats a message after a network error or a 503, with growing
// pauses, for 7 s and more, and for as long as two minutes a time if the server asks. A
// page cannot wait for that: the person's next method should begin (P5). So the
// transport below the client watches each attempt. The client may try twice, the second time at
// once, which heals a connection that had died unnoticed; as soon as it would have to
// pause, the attempt is ended and the provider's own words are reported. [Timeout]
// bounds what is left: a server that says nothing.
//
// # What a phone shows
//
// Each alert has one notification: its tag, APNs collapse id and collapse key are
// the alert's, so that a repeat or a newer state replaces what is on the screen
// (P4, P7). Title and body carry what a person must know; the data fields are for
// the app: see [Data]. P1 and P2 pages are sent as critical alerts to Apple's
// phones (which need Apple's entitlement in the app, else they sound as usual) and to the
// notification channel [UrgentChannel] on Android; all others to [PageChannel].
package fcm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/messaging"
	"google.golang.org/api/option"

	"keng/proto/channel"
)

// Timeout bounds one attempt, with the fetching of an access token.
const Timeout = 5 * time.Second

// Concurrent is how many messages may be under way at once.
const Concurrent = 64

// credentialsMax is the greatest credentials file in bytes; real ones have 2,400.
const credentialsMax = 64 << 10

// Config says which Firebase project to send through.
type Config struct {
	// Project is the Firebase project's id.
	Project string `yaml:"project"`
	// CredentialsFile is the service account's JSON file, as the Firebase console
	// gives it out.
	CredentialsFile string `yaml:"credentials"`
	// Endpoint replaces https://fcm.googleapis.com, for tests. Empty: Google's.
	Endpoint string `yaml:"endpoint"`
	// HTTPClient supplies the transport to Google. Nil: one with HTTP/2 that
	// notices dead connections.
	HTTPClient *http.Client `yaml:"-"`
}

// sender is the one call of Firebase's client that we make.
type sender interface {
	Send(ctx context.Context, message *messaging.Message) (string, error)
}

// Channel sends pages as push messages. It is safe for concurrent use.
type Channel struct {
	sender  sender
	timeout time.Duration
	newest  newest
}

var _ channel.Channel = (*Channel)(nil)

// New reads the credentials and makes the channel. It asks for a first access token
// in the background, so that the first page need not wait for it; a
// network that is down does not make New fail.
func New(cfg Config) (*Channel, error) {
	if cfg.Project == "" {
		return nil, errors.New("fcm.project is missing: give the Firebase project's id")
	}
	account, err := readCredentials(cfg.CredentialsFile)
	if err != nil {
		return nil, err
	}
	endpoint, err := checkEndpoint(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	base := newTransport()
	if cfg.HTTPClient != nil && cfg.HTTPClient.Transport != nil {
		base = cfg.HTTPClient.Transport
	}
	tokens, err := newTokenCache(account, base)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Transport:     &boundedTransport{base: base, tokens: tokens},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	sender, err := newSender(cfg.Project, endpoint, client)
	if err != nil {
		return nil, err
	}
	tokens.warm()
	return &Channel{sender: sender, timeout: Timeout}, nil
}

// newSender sets up Firebase's client over ours. An empty endpoint is Google's.
func newSender(project, endpoint string, client *http.Client) (sender, error) {
	options := []option.ClientOption{option.WithHTTPClient(client)}
	if endpoint != "" {
		options = append(options, option.WithEndpoint(endpoint+"/v1"))
	}
	// The context is for services that dial at once; messaging does not.
	ctx := context.Background()
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: project}, options...)
	if err != nil {
		return nil, fmt.Errorf("cannot set up Firebase: %w", err)
	}
	messages, err := app.Messaging(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot set up Firebase Cloud Messaging: %w", err)
	}
	return messages, nil
}

func readCredentials(file string) ([]byte, error) {
	if file == "" {
		return nil, errors.New("fcm.credentials is missing: give the service account's JSON file, from the Firebase console under Project settings, Service accounts")
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read fcm.credentials: %w", err)
	}
	if info.Size() > credentialsMax {
		return nil, fmt.Errorf("fcm.credentials: %s has %d bytes; a service account's JSON file has at most %d", file, info.Size(), credentialsMax)
	}
	account, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read fcm.credentials: %w", err)
	}
	return account, nil
}

func checkEndpoint(endpoint string) (string, error) {
	if endpoint == "" {
		return "", nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", fmt.Errorf("fcm.endpoint: %q is not an address such as https://fcm.googleapis.com", endpoint)
	}
	return strings.TrimSuffix(endpoint, "/"), nil
}

// Describe implements [channel.Channel].
func (c *Channel) Describe() channel.Description {
	return channel.Description{
		Kind: channel.Push,
		Name: map[channel.Language]string{channel.Vietnamese: "Thông báo đẩy", channel.English: "Push notification"},
		Address: map[channel.Language]string{
			channel.Vietnamese: "Mã đăng ký FCM của ứng dụng trên điện thoại",
			channel.English:    "FCM registration token of the app on the phone",
		},
		Loud:       false, // a phone on "do not disturb" stays silent, unless its owner allowed critical alerts
		Replies:    false,
		Replaces:   true,
		Timeout:    c.timeout,
		Concurrent: Concurrent,
	}
}

// Send implements [channel.Channel]. It reports Accepted, with the message's name,
// when Google has the message, and is done: FCM does not tell whether the phone
// has it.
func (c *Channel) Send(ctx context.Context, page channel.Page, report func(channel.Report)) channel.Report {
	now := time.Now()
	switch {
	case ctx.Err() != nil:
		return interrupted(ctx, 0)
	case !now.Before(page.SendBy):
		return failed(channel.Expired, "its time to be sent had passed")
	case !plausibleToken(page.Address):
		return failed(channel.Misconfigured, "the address is not an FCM registration token: let the person register the phone again")
	case c.newest.outdates(page):
		return channel.Report{Stage: channel.Done, Detail: "not sent: the phone has a newer state of this alert already"}
	}
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	bounded, attempt := newAttempt(bounded, page.SendBy)
	name, err := c.hand(bounded, newMessage(page, now))
	switch {
	case err == nil:
		c.newest.accepted(page)
		report(channel.Report{Stage: channel.Accepted, ProviderID: name})
		return channel.Report{Stage: channel.Done, ProviderID: name}
	case ctx.Err() != nil:
		return interrupted(ctx, time.Since(now))
	case attempt.end() != nil:
		return fate(attempt.end())
	case bounded.Err() != nil:
		return late(c.timeout)
	}
	return fate(err)
}

// tokenMax is the longest registration token in bytes. Those of today have about
// 160; Google promises no length.
const tokenMax = 1024

// plausibleToken reports whether a registration token can look so. Google judges the rest.
func plausibleToken(token string) bool {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:."
	return token != "" && len(token) <= tokenMax && strings.Trim(token, alphabet) == "" &&
		!strings.ContainsFunc(token, func(r rune) bool { return !strings.ContainsRune(alphabet, r) })
}
