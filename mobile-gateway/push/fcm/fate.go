package fcm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"firebase.google.com/go/v4/errorutils"
	"firebase.google.com/go/v4/messaging"

	"keng/proto/channel"
)

// detailMax is the longest detail in runes.
const detailMax = 300

func failed(failure channel.Failure, detail string) channel.Report {
	return channel.Report{Stage: channel.Failed, Failure: failure, Detail: oneLine(detail, detailMax)}
}

// late is the fate of a page with which FCM was asked, and for which it had this long.
func late(had time.Duration) channel.Report {
	return failed(channel.Unavailable, fmt.Sprintf("FCM did not answer within %v", had.Round(100*time.Millisecond)))
}

// interrupted is the fate of a page whose context has ended, after so long: taken back, or
// out of time. Its pager allows a page the same time as this package does.
func interrupted(ctx context.Context, after time.Duration) channel.Report {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return late(after)
	}
	return channel.Report{Stage: channel.Cancelled, Detail: "taken back before FCM had answered; it may still arrive"}
}

// fate turns an error of an attempt into its final report. The codes are those of
// https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode.
func fate(err error) channel.Report {
	credentials, isCredentials := errors.AsType[*credentialsError](err)
	switch {
	case isCredentials:
		return failed(channel.Misconfigured, credentials.Error())
	case messaging.IsUnregistered(err):
		return failed(channel.DeadContact, "the app is no longer registered with FCM (it was deleted, or registered anew): let the person register the phone again")
	case messaging.IsSenderIDMismatch(err):
		// Not a dead contact: a gateway with the wrong project would bury everybody's phone.
		return failed(channel.Misconfigured, "the phone is registered with another Firebase project: check fcm.project, or let the person register the phone again")
	case messaging.IsThirdPartyAuthError(err):
		return failed(channel.Misconfigured, "FCM cannot sign in to Apple: check the APNs key in the Firebase console")
	case messaging.IsQuotaExceeded(err), errorutils.IsResourceExhausted(err):
		return failed(channel.Overloaded, "FCM is over its quota: "+err.Error())
	case errorutils.IsInvalidArgument(err) && blamesToken(err):
		return failed(channel.DeadContact, "FCM says that the registration token is not one: let the person register the phone again")
	case errorutils.IsInvalidArgument(err):
		return failed(channel.Refused, "FCM refused the message: "+err.Error())
	case errorutils.IsUnauthenticated(err), errorutils.IsPermissionDenied(err), errorutils.IsNotFound(err):
		return failed(channel.Misconfigured, "FCM refused the gateway: check fcm.project and fcm.credentials: "+err.Error())
	}
	return failed(channel.Unavailable, "FCM: "+err.Error())
}

// blamesToken reports whether an INVALID_ARGUMENT is about the registration token and not
// about the rest of the message. Google names the field in a
// google.rpc.BadRequest, or only says it in words.
func blamesToken(err error) bool {
	if strings.Contains(strings.ToLower(err.Error()), "registration token") {
		return true
	}
	response := errorutils.HTTPResponse(err)
	if response == nil {
		return false
	}
	body, readErr := io.ReadAll(io.LimitReader(response.Body, answerMax))
	return readErr == nil && namesToken(body)
}

// namesToken reads an error body and reports whether the token is a field at fault.
func namesToken(body []byte) bool {
	var answer struct {
		Error struct {
			Details []struct {
				FieldViolations []struct {
					Field string `json:"field"`
				} `json:"fieldViolations"`
			} `json:"details"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return false
	}
	for _, detail := range answer.Error.Details {
		for _, violation := range detail.FieldViolations {
			if violation.Field == "message.token" {
				return true
			}
		}
	}
	return false
}

// words is what an error body says to people, or else what its status means.
func words(status int, body []byte) string {
	var answer struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Error.Message != "" {
		return answer.Error.Message
	}
	return http.StatusText(status)
}

// oneLine makes text fit for a report: valid UTF-8, one line, at most limit runes.
func oneLine(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return clip(strings.Join(strings.Fields(text), " "), limit)
}
