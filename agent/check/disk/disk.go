// Package disk is the check kind disk: it looks how much room the file system of a
// path on this machine has left, in bytes and in inodes, and whether it can be
// written to.
//
//	{name: root disk, kind: disk, target: /, free_below: 10%}
//	{name: backups, kind: disk, target: /srv/backup, free_below: 50GiB, every: 5m}
//
// Free is what a program without privileges may still use, and a percentage is of what
// such a program could use at all, as df(1) counts. A file system that is mounted
// read-only is down: Linux does that to one whose disk fails. Inodes are looked at
// where the file system has a fixed number of them. A path that is not there is
// unknown: nothing has been learnt about the file system that was meant.
//
// A file system that does not answer, such as NFS without its server, holds up a call
// that nothing can interrupt. The check is then down, and only the one call waits.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"keng/agent/check"
)

// Kind is the check kind disk.
type Kind struct{}

var _ check.Kind = Kind{}

// Describe implements [check.Kind].
func (Kind) Describe() check.Description {
	return check.Description{
		Name:  "disk",
		Label: check.Text{VI: "Dung lượng ổ đĩa", EN: "Disk space"},
		Help: check.Text{
			VI: "Xem hệ tệp trên máy này còn trống bao nhiêu và có ghi được không.",
			EN: "Looks how much room a file system of this machine has left, and whether it can be written to.",
		},
		Target:  check.Text{VI: "Đường dẫn đầy đủ tới một thư mục trên hệ tệp đó", EN: "Absolute path of a folder on the file system"},
		Example: "/var/lib",
		Fields: []check.Field{
			{
				Name: "free_below", Type: check.TypeText, Default: "10%", Max: 32,
				Label: check.Text{VI: "Dung lượng trống tối thiểu", EN: "Free below"},
				Help:  check.Text{VI: "Báo khi dung lượng trống ít hơn mức này: 10% hoặc 1GiB.", EN: "The check is down when less than this is free: 10% or 1GiB."},
			},
			{
				Name: "inodes_below", Type: check.TypeText, Default: "5%", Max: 32,
				Label: check.Text{VI: "Số inode trống tối thiểu", EN: "Inodes below"},
				Help:  check.Text{VI: "Báo khi số inode trống ít hơn mức này: 5% hoặc một con số; 0 là không xét.", EN: "The check is down when fewer inodes than this are free: 5% or a number; 0 does not look."},
			},
			{
				Name: "allow_read_only", Type: check.TypeBoolean,
				Label: check.Text{VI: "Cho phép chỉ đọc", EN: "Allow read-only"},
				Help:  check.Text{VI: "Không báo khi hệ tệp chỉ đọc được.", EN: "Whether a file system that is mounted read-only is well."},
			},
		},
	}
}

// usage is how full a file system is.
type usage struct {
	total, free        uint64 // bytes that programs without privileges can use, and still can
	inodes, freeInodes uint64 // 0 of 0 if their number is not fixed
	readOnly           bool
}

// diskCheck looks at one file system.
type diskCheck struct {
	path          string
	free, inodes  limit
	allowReadOnly bool
	// measure is measure; tests have file systems of their own.
	measure func(path string) (usage, error)
	// calling holds one token while a call is under way, which may never return.
	calling chan struct{}
}

// New implements [check.Kind].
func (Kind) New(target string, values check.Values) (check.Check, error) {
	if !filepath.IsAbs(target) || strings.ContainsRune(target, 0) {
		return nil, fmt.Errorf("target: %q is not an absolute path", target)
	}
	c := &diskCheck{
		path: target, allowReadOnly: values.Boolean("allow_read_only"),
		measure: measure, calling: make(chan struct{}, 1),
	}
	var err error
	if c.free, err = parseLimit(values.Text("free_below"), true); err != nil {
		return nil, fmt.Errorf("free_below: %w", err)
	}
	if c.inodes, err = parseLimit(values.Text("inodes_below"), false); err != nil {
		return nil, fmt.Errorf("inodes_below: %w", err)
	}
	return c, nil
}

// Host implements [check.Check]: it is this machine.
func (c *diskCheck) Host() string { return "" }

// Run implements [check.Check].
func (c *diskCheck) Run(ctx context.Context) check.Result {
	start := time.Now()
	got, err := c.ask(ctx)
	took := max(time.Since(start), 1)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return check.Result{State: check.Unknown, Reason: check.OneLine("there is no " + c.path + " on this machine"), Took: took}
	case errors.Is(err, errNotSupported):
		return check.Result{State: check.Unknown, Reason: err.Error(), Took: took}
	case err != nil:
		return check.Failed(ctx, err, took)
	}
	state, reason := c.judge(got)
	return check.Result{State: state, Reason: check.OneLine(reason), Details: got.details(), Took: took}
}

// ask measures in a goroutine of its own, which ctx can leave behind: at most one, for
// the next run waits for it.
func (c *diskCheck) ask(ctx context.Context) (usage, error) {
	if ctx.Err() != nil {
		return usage{}, ctx.Err()
	}
	select {
	case c.calling <- struct{}{}:
	case <-ctx.Done():
		return usage{}, ctx.Err()
	}
	type measured struct {
		usage usage
		err   error
	}
	done := make(chan measured, 1)
	go func() {
		defer func() { <-c.calling }()
		got, err := c.measure(c.path)
		done <- measured{got, err}
	}()
	select {
	case m := <-done:
		return m.usage, m.err
	case <-ctx.Done():
		return usage{}, ctx.Err()
	}
}

// judge says whether that is good, and what was seen.
func (c *diskCheck) judge(u usage) (check.State, string) {
	seen := fmt.Sprintf("%s of %s free (%s)", size(u.free), size(u.total), percent(u.free, u.total))
	switch {
	case u.readOnly && !c.allowReadOnly:
		return check.Down, "the file system is read-only: its disk may have failed"
	case u.total > 0 && c.free.exceeds(u.free, u.total):
		return check.Down, seen + ", less than " + c.free.String()
	case u.inodes > 0 && c.inodes.exceeds(u.freeInodes, u.inodes):
		return check.Down, fmt.Sprintf("%d of %d inodes free (%s), less than %s", u.freeInodes, u.inodes, percent(u.freeInodes, u.inodes), c.inodes)
	default:
		return check.Up, seen
	}
}

// details tells what an alert should show.
func (u *usage) details() map[string]string {
	details := map[string]string{"free": size(u.free), "total": size(u.total), "free_percent": percent(u.free, u.total)}
	if u.inodes > 0 {
		details["inodes_free"] = fmt.Sprint(u.freeInodes)
		details["inodes_free_percent"] = percent(u.freeInodes, u.inodes)
	}
	if u.readOnly {
		details["read_only"] = "true"
	}
	return details
}
