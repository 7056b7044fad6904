package icmp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"keng/agent/check"
	"keng/agent/check/checktest"
)

// inside tells the test's binary that it is in a network of its own.
const inside = "KENG_ICMP_TEST_INSIDE"

// The other kind of socket, where the system allows it: in a network namespace of its
// own, which has nothing but loopback, the test may allow it itself.
func TestStoryPingSocket(t *testing.T) {
	if os.Getenv(inside) != "" {
		pingInside(t)
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^TestStoryPingSocket$", "-test.v")
	command.Env = append(os.Environ(), inside+"=1")
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	output, err := command.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSYS) {
		unproven(t, "this process may not make a network namespace: ", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if strings.Contains(string(output), "SKIPPED") {
		unproven(t, string(output))
	}
	t.Logf("%s", output)
}

func pingInside(t *testing.T) {
	if err := loopbackUp(); err != nil {
		unproven(t, err)
	}
	group := fmt.Sprintf("%d %d", os.Getgid(), os.Getgid())
	if err := os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte(group), 0o600); err != nil {
		unproven(t, err)
	}
	addresses := []string{"127.0.0.1", "::1"}
	if _, err := os.Stat("/proc/net/if_inet6"); err != nil {
		addresses = addresses[:1] // this kernel has no IPv6
	}
	for _, address := range addresses {
		made, err := checktest.Make(t, Kind{}, address, "count: 2")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		got := made.Run(ctx)
		cancel()
		if got.State != check.Up || got.Details["socket"] != "ping" || got.Details["lost"] != "0" {
			t.Errorf("%s: %+v", address, got)
		}
		t.Log(address, got.Reason, got.Details)
	}
}

// loopbackUp starts the loopback interface of this network namespace.
func loopbackUp() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
}
