//go:build !fault

package link

// write gives bytes to the wire.
func (c *Conn) write(b []byte) (int, error) { return c.wire.Write(b) }
