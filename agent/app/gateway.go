package app

import (
	"bufio"
	"encoding/binary"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// parseRoutes finds the default gateway in the text of Linux's /proc/net/route
// (IPv4): the route to 0.0.0.0/0 that is up, goes by a gateway and has the lowest
// metric. It returns "" if there is none.
func parseRoutes(text io.Reader) string {
	const (
		flagUp      = 0x1
		flagGateway = 0x2
	)
	best, bestMetric := "", uint64(0)
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		// Iface Destination Gateway Flags RefCnt Use Metric Mask …
		fields := strings.Fields(lines.Text())
		if len(fields) < 8 || fields[1] != "00000000" || fields[7] != "00000000" {
			continue
		}
		flags, err := strconv.ParseUint(fields[3], 16, 32)
		if err != nil || flags&flagUp == 0 || flags&flagGateway == 0 {
			continue
		}
		metric, err := strconv.ParseUint(fields[6], 10, 32)
		if err != nil {
			continue
		}
		gateway, ok := parseHexAddress(fields[2])
		if ok && (best == "" || metric < bestMetric) {
			best, bestMetric = gateway, metric
		}
	}
	return best
}

// parseHexAddress reads an address as the kernel prints it: the 32 bits in network
// order, taken as a number of this machine.
func parseHexAddress(text string) (string, bool) {
	number, err := strconv.ParseUint(text, 16, 32)
	if err != nil || number == 0 {
		return "", false
	}
	var bytes [4]byte
	binary.NativeEndian.PutUint32(bytes[:], uint32(number))
	return netip.AddrFrom4(bytes).String(), true
}
