package raftstore

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// raftLogger is the kind of logger that Raft and its log store want.
type raftLogger = hclog.Logger

// newRaftLogger returns a logger whose messages go to logger.
func newRaftLogger(logger *slog.Logger) raftLogger {
	l := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft", Level: hclog.Off, Output: io.Discard})
	l.RegisterSink(slogSink{logger})
	return l
}

// slogSink hands messages on to slog.
type slogSink struct{ logger *slog.Logger }

// Accept implements hclog.SinkAdapter.
func (s slogSink) Accept(name string, level hclog.Level, message string, args ...any) {
	for i, arg := range args {
		if f, ok := arg.(hclog.Format); ok && len(f) > 0 {
			args[i] = formatted(f)
		}
	}
	s.logger.Log(context.Background(), slogLevel(level), name+": "+message, args...)
}

// formatted writes a value that hclog would format by its first element.
func formatted(f hclog.Format) string {
	pattern, _ := f[0].(string)
	return fmt.Sprintf(pattern, f[1:]...)
}

// slogLevel lowers Raft's informational messages: they tell what it does all day.
func slogLevel(level hclog.Level) slog.Level {
	switch {
	case level >= hclog.Error:
		return slog.LevelError
	case level == hclog.Warn:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}
