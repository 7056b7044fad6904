// Package all is the list of the hub's own channels: the ways to reach somebody that need
// no phone, and so no gateway. A new kind is one folder beside this one and one line here.
package all

import (
	"fmt"

	"keng/hub/channel/email"
	"keng/proto/channel"
)

// Config says which channels there are. A kind without a setting is not served.
type Config struct {
	// SMTP is the address of the mail server, as [email.ParseURL] reads it. It is a secret.
	SMTP string
}

// Open opens the configured channels. It connects to nothing yet.
func Open(cfg Config) ([]channel.Channel, error) {
	var channels []channel.Channel
	for _, kind := range []struct {
		setting string
		open    func(string) (channel.Channel, error)
		flag    string
	}{
		{cfg.SMTP, openEmail, "--smtp-url"},
	} {
		if kind.setting == "" {
			continue
		}
		ch, err := kind.open(kind.setting)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.flag, err)
		}
		channels = append(channels, ch)
	}
	return channels, nil
}

func openEmail(url string) (channel.Channel, error) {
	cfg, err := email.ParseURL(url)
	if err != nil {
		return nil, err
	}
	return email.New(cfg)
}
