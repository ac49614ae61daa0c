package intests

import (
	"net"
	"net/http/httptest"
	"testing"
)

func Test(t *testing.T) {
	net.Dial("tcp", "")
	httptest.NewServer(nil)
}
