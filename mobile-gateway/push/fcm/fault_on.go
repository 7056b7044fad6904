//go:build fault

package fcm

import (
	"context"
	"os"

	"firebase.google.com/go/v4/messaging"
)

// hand gives a message to Firebase's client, unless a stub is planted that only says so:
// the stories that rest on a push must then fail.
func (c *Channel) hand(ctx context.Context, m *messaging.Message) (string, error) {
	if os.Getenv("KENG_FAULT") == "firebase" {
		return "projects/nobody/messages/0", nil
	}
	return c.sender.Send(ctx, m)
}
