// Package sms reaches phones by text message, through any provider that takes messages
// over HTTP. A provider is not code but a file that says how it wants to be asked and how it
// answers; examples/ has some to begin with. See [Provider] for what stands in it.
//
// # One attempt
//
// The providers for a number are those with the longest prefix that it begins with, in the
// order of gateway.yaml; then those with shorter ones; then those without any. The next is asked only if the
// one before it has surely not taken the message: it could not be reached, or said no for a
// reason of its own (over quota, wrong key, out of order). A provider that took the request and
// said nothing may have sent it: then the page ends, and the person's next method begins (P5).
//
// # The text
//
// Priority and number, "repeat" (P4) and "late by" (P9), the title, what else fits, and the
// link. A message in the GSM alphabet holds 160 letters a part, one with Vietnamese letters 70
// (3GPP TS 23.038), and the part is what one pays for. Most Vietnamese gateways take
// unaccented text only, as everybody there is used to read it; so that is the default, and
// "diacritics: keep" the choice of who has it arranged with the provider. What is too long is
// cut at a word; the link never is.
package sms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"keng/proto/channel"
)

// Timeout bounds one attempt, with all its providers.
const Timeout = 20 * time.Second

// Concurrent is how many messages may be under way at once.
const Concurrent = 16

// Config is the section sms of gateway.yaml.
type Config struct {
	Providers []Entry `yaml:"providers"`
}

// Entry names one provider.
type Entry struct {
	// Name is for people.
	Name string `yaml:"name"`
	// File says how the provider wants to be asked.
	File string `yaml:"file"`
	// Prefixes are the beginnings of the numbers that it is for, such as "+84". None: all.
	Prefixes []string `yaml:"prefixes"`
}

// Channel sends pages as text messages. It is safe for concurrent use.
type Channel struct {
	providers []*provider // in the order of the configuration
	timeout   time.Duration
}

var _ channel.Channel = (*Channel)(nil)

// providersMax bounds the providers of one gateway.
const providersMax = 16

// New reads the providers' files and makes the channel. It asks nobody yet.
func New(cfg Config) (*Channel, error) {
	if len(cfg.Providers) == 0 {
		return nil, errors.New("sms.providers is missing: name at least one provider with its file")
	}
	if len(cfg.Providers) > providersMax {
		return nil, fmt.Errorf("sms.providers: at most %d providers", providersMax)
	}
	c := &Channel{timeout: Timeout}
	client := newClient()
	for i, entry := range cfg.Providers {
		if entry.Name == "" {
			return nil, fmt.Errorf("sms.providers: the %d. provider needs a name", i+1)
		}
		p, err := load(entry, client)
		if err != nil {
			return nil, fmt.Errorf("sms provider %s: %w", entry.Name, err)
		}
		c.providers = append(c.providers, p)
	}
	return c, nil
}

// newClient returns a client that follows no redirect: what is sent holds keys.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = Concurrent
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close closes idle connections.
func (c *Channel) Close() {
	for _, p := range c.providers {
		p.client.CloseIdleConnections()
	}
}

// Describe implements [channel.Channel].
func (c *Channel) Describe() channel.Description {
	return channel.Description{
		Kind: channel.SMS,
		Name: map[channel.Language]string{channel.Vietnamese: "Tin nhắn SMS", channel.English: "Text message (SMS)"},
		Address: map[channel.Language]string{
			channel.Vietnamese: "Số điện thoại quốc tế, ví dụ +84901234567",
			channel.English:    "Telephone number with its country code, such as +84901234567",
		},
		Loud: false, Replies: false, Replaces: false,
		Timeout: c.timeout, Concurrent: Concurrent,
	}
}

// Send implements [channel.Channel]. It reports Accepted, with the provider's name for the
// message, when a provider has taken it, and is done: whether the phone has it is not told.
func (c *Channel) Send(ctx context.Context, page channel.Page, report func(channel.Report)) channel.Report {
	switch {
	case ctx.Err() != nil:
		return interrupted(ctx)
	case !time.Now().Before(page.SendBy):
		return failed(channel.Expired, "its time to be sent had passed")
	case !validNumber(page.Address):
		return failed(channel.Misconfigured, "the address is not a telephone number such as +84901234567: correct the contact")
	}
	providers := c.providersFor(page.Address)
	if len(providers) == 0 {
		return failed(channel.Misconfigured, "no SMS provider of this gateway is for numbers like this: see prefixes in gateway.yaml")
	}
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var tale []string
	for i, p := range providers {
		o := p.send(bounded, page)
		if o.failure == "" {
			report(channel.Report{Stage: channel.Accepted, ProviderID: o.id, Detail: p.name})
			return channel.Report{Stage: channel.Done, ProviderID: o.id, Detail: strings.Join(append(tale, p.name), "; ")}
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return interrupted(ctx)
		}
		tale = append(tale, p.name+": "+o.words)
		another := i+1 < len(providers) && bounded.Err() == nil && o.unsent && time.Now().Before(page.SendBy)
		if !another {
			return failed(o.failure, strings.Join(tale, "; "))
		}
	}
	return failed(channel.Unavailable, strings.Join(tale, "; ")) // not reached
}

// providersFor returns who is to be asked for a number, the best first.
func (c *Channel) providersFor(number string) []*provider {
	type fit struct {
		*provider
		length int // of the prefix
	}
	var fits []fit
	for _, p := range c.providers {
		best := -1
		for _, prefix := range p.prefixes {
			if strings.HasPrefix(number, prefix) {
				best = max(best, len(prefix))
			}
		}
		if len(p.prefixes) == 0 {
			best = 0
		}
		if best >= 0 {
			fits = append(fits, fit{p, best})
		}
	}
	slices.SortStableFunc(fits, func(a, b fit) int { return b.length - a.length })
	var all []*provider
	for _, f := range fits {
		all = append(all, f.provider)
	}
	return all
}

// validNumber reports whether a text is a number as ITU-T E.164 has it.
func validNumber(number string) bool {
	digits, plus := strings.CutPrefix(number, "+")
	return plus && len(digits) >= 6 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}

// interrupted is the fate of a page whose context has ended: taken back, or out of time.
func interrupted(ctx context.Context) channel.Report {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return failed(channel.Unavailable, "the SMS provider did not answer in time")
	}
	return channel.Report{Stage: channel.Cancelled, Detail: "taken back before the SMS provider had answered; it may still arrive"}
}

func failed(failure channel.Failure, detail string) channel.Report {
	return channel.Report{Stage: channel.Failed, Failure: failure, Detail: oneLine(detail, detailMax)}
}
