package app

import "os"

// defaultGateway returns the address of the gateway of this machine's default
// route (IPv4), or "".
func defaultGateway() string {
	file, err := os.Open("/proc/net/route")
	if err != nil {
		return ""
	}
	defer file.Close()
	return parseRoutes(file)
}
