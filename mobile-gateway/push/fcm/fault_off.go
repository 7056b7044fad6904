//go:build !fault

package fcm

import (
	"context"

	"firebase.google.com/go/v4/messaging"
)

// hand gives a message to Firebase's client and returns the message's name.
func (c *Channel) hand(ctx context.Context, m *messaging.Message) (string, error) {
	return c.sender.Send(ctx, m)
}
