package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"keng/mobile-gateway/push/fcm"
	"keng/mobile-gateway/sms"
	"keng/mobile-gateway/voice"
	"keng/proto/channel"
)

// configMax is the greatest configuration file in bytes.
const configMax = 1 << 20

// Config is gateway.yaml: one section for each kind of channel. A kind without a
// section is not served.
//
//	fcm:  {project: example, credentials: /etc/keng/firebase.json}
//	sip:  {trunks: [{name: pbx, server: "sip:pbx.example.vn;transport=tcp", user: keng, password_file: /etc/keng/sip, caller_id: "1900"}]}
//	sms:  {providers: [{name: esms, file: /etc/keng/esms.yaml, prefixes: ["+84"]}]}
type Config struct {
	FCM *fcm.Config   `yaml:"fcm"` // push
	SIP *voice.Config `yaml:"sip"` // voice
	SMS *sms.Config   `yaml:"sms"` // text messages
}

// LoadConfig reads a configuration file.
func LoadConfig(file string) (Config, error) {
	f, err := os.Open(file)
	if err != nil {
		return Config{}, fmt.Errorf("cannot read the configuration: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, configMax+1))
	if err != nil {
		return Config{}, fmt.Errorf("cannot read the configuration: %w", err)
	}
	cfg, err := ParseConfig(text)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", file, err)
	}
	return cfg, nil
}

// ParseConfig reads gateway.yaml strictly: an unknown key is an error, because a
// channel that is misspelt would be found missing only when somebody must be reached.
func ParseConfig(text []byte) (Config, error) {
	if len(text) > configMax {
		return Config{}, fmt.Errorf("the configuration is longer than %d bytes", configMax)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var cfg Config
	switch err := decoder.Decode(&cfg); {
	case err == io.EOF:
		return Config{}, errNothing
	case err != nil:
		return Config{}, explain(err)
	}
	if err := decoder.Decode(new(yaml.Node)); err != io.EOF {
		return Config{}, errors.New(`there is more than one document in it: remove all after the first "---"`)
	}
	if cfg == (Config{}) {
		return Config{}, errNothing
	}
	return cfg, nil
}

var errNothing = errors.New("no channel is configured: give a section fcm, sip or sms")

// explain leaves the names of Go types out of the decoder's words.
func explain(err error) error {
	list, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var lines []string
	for _, line := range list.Errors {
		line, _, unknown := strings.Cut(line, " in type ")
		line = strings.Replace(line, "field ", "key ", 1)
		if unknown {
			line = strings.Replace(line, "not found", "is unknown", 1)
		}
		lines = append(lines, line)
	}
	return errors.New(strings.Join(lines, "; "))
}

// channels opens the configured channels.
func (cfg Config) channels(logger *slog.Logger) ([]channel.Channel, error) {
	var channels []channel.Channel
	if cfg.FCM != nil {
		push, err := fcm.New(*cfg.FCM)
		if err != nil {
			return nil, err
		}
		channels = append(channels, push)
	}
	if cfg.SIP != nil {
		calls, err := voice.New(*cfg.SIP, logger)
		if err != nil {
			return nil, fmt.Errorf("sip: %w", err)
		}
		channels = append(channels, calls)
	}
	if cfg.SMS != nil {
		messages, err := sms.New(*cfg.SMS)
		if err != nil {
			return nil, err
		}
		channels = append(channels, messages)
	}
	return channels, nil
}
