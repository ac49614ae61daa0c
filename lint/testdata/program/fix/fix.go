package fix

import (
	"net" // want `net.Listen stays on net; import net`
	"os"
)

func listen() (net.Listener, error) { return net.Listen("tcp", os.Args[1]) }
