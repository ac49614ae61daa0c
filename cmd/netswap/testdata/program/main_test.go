package main

import (
	"net"
	"os"
	"testing"
)

func TestWhose(t *testing.T) {
	if got, want := whose(new(net.TCPConn)), os.Getenv("WHOSE"); got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
