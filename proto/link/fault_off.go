//go:build !fault

package link

// write gives bytes to the QUIC stream.
func (c *Conn) write(b []byte) (int, error) { return c.stream.Write(b) }
