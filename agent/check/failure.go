package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"slices"
	"syscall"
	"time"
)

// Failed is the result of a run that ended in an error of the network or of this
// machine. What this machine could not do is Unknown, everything else is Down.
// The error's text must hold no secret.
//
// "Network is unreachable" is Down on purpose: a pulled cable must look like a
// failure, for it is the agent's probes that then tell the cable from the target.
func Failed(ctx context.Context, err error, took time.Duration) Result {
	result := Result{State: Down, Took: took}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		result.State = Unknown
		result.Reason = "the check was interrupted because the agent is stopping"
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		result.Reason = fmt.Sprintf("no answer within %s", took.Round(time.Millisecond))
	case isLocal(err):
		result.State = Unknown
		result.Reason = OneLine("this machine could not run the check: " + err.Error())
	default:
		result.Reason = OneLine(describe(err))
	}
	return result
}

// isTimeout reports whether err is a time-out of the network.
func isTimeout(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}

// isLocal reports whether err is a condition of this machine.
func isLocal(err error) bool { return NotPermitted(err) || isAny(err, localErrors()) }

// NotPermitted reports whether this system denied the agent the right to do something.
func NotPermitted(err error) bool {
	return errors.Is(err, fs.ErrPermission) || isAny(err, deniedErrors())
}

// Answered reports whether err, of dialling a TCP port, is itself an answer of the
// other side: it refused or reset the connection, so packets go there and come back.
func Answered(err error) bool {
	return errors.Is(err, errRefused) || errors.Is(err, errReset)
}

func isAny(err error, kinds []syscall.Errno) bool {
	return slices.ContainsFunc(kinds, func(kind syscall.Errno) bool { return errors.Is(err, kind) })
}

// describe says the usual errors in the words that people use for them.
func describe(err error) string {
	if dnsErr, ok := errors.AsType[*net.DNSError](err); ok {
		if dnsErr.IsNotFound {
			return fmt.Sprintf("the name %s does not exist in DNS", dnsErr.Name)
		}
		return fmt.Sprintf("the name %s could not be resolved: %s", dnsErr.Name, dnsErr.Err)
	}
	address := ""
	if opErr, ok := errors.AsType[*net.OpError](err); ok && opErr.Addr != nil {
		address = " (" + opErr.Addr.String() + ")"
	}
	switch {
	case errors.Is(err, errRefused):
		return "connection refused" + address
	case errors.Is(err, errReset), errors.Is(err, errAborted):
		return "connection reset by the other side" + address
	case errors.Is(err, errNetworkUnreachable):
		return "network is unreachable" + address
	case errors.Is(err, errHostUnreachable):
		return "no route to host" + address
	}
	// net/http wraps with the method and URL, which the alert says anyway.
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		return urlErr.Err.Error()
	}
	return err.Error()
}

// Redact returns the target without the password that a URL may hold.
func Redact(target string) string {
	parsed, err := url.Parse(target)
	if err != nil || parsed.User == nil {
		return target
	}
	return parsed.Redacted()
}
