package lint

import (
	"go/types"
	"slices"
	"strings"
)

const (
	byTransport = "use a Transport whose DialContext is that of a netpoller.Dialer"
	byServe     = "listen with netpoller.Listen, and pass the listener to "
	byDial      = "dial with netpoller.Dial, and pass the connection to "
)

// remedies say what takes the place of a function of the standard library.
var remedies = map[string]string{
	"net/http.ListenAndServe":              byServe + "http.Serve",
	"net/http.ListenAndServeTLS":           byServe + "http.ServeTLS",
	"net/http.Server.ListenAndServe":       byServe + "its method Serve",
	"net/http.Server.ListenAndServeTLS":    byServe + "its method ServeTLS",
	"net/http.Get":                         byTransport,
	"net/http.Head":                        byTransport,
	"net/http.Post":                        byTransport,
	"net/http.PostForm":                    byTransport,
	"net/http/httptest.NewServer":          "use NewUnstartedServer, close its Listener, set one of netpoller, and call Start",
	"net/http/httptest.NewTLSServer":       "use NewUnstartedServer, close its Listener, set one of netpoller, and call StartTLS",
	"net/http/httptest.NewUnstartedServer": "close its Listener and set one of netpoller before it starts",
	"crypto/tls.Dial":                      "use nettls.Dial",
	"crypto/tls.DialWithDialer":            "use nettls.DialWithDialer",
	"crypto/tls.Listen":                    "use nettls.Listen",
	"net/rpc.Dial":                         byDial + "rpc.NewClient",
	"net/rpc.DialHTTP":                     byDial + "rpc.NewClient after the request that rpc.DialHTTPPath sends",
	"net/rpc.DialHTTPPath":                 byDial + "rpc.NewClient after the request that it sends",
	"net/rpc/jsonrpc.Dial":                 byDial + "jsonrpc.NewClient",
	"net/smtp.Dial":                        byDial + "smtp.NewClient",
	"net/smtp.SendMail":                    byDial + "smtp.NewClient",
	"net/textproto.Dial":                   byDial + "textproto.NewConn",
	"log/syslog.Dial":                      bySwap,
	"log/syslog.New":                       bySwap,
	"log/syslog.NewLogger":                 bySwap,
}

const bySwap = "it takes no connection: build the program with netswap"

// remedy says what a program can do about a function that opens sockets of package net.
func remedy(f *types.Func, o *opens) string {
	if r := remedies[fullName(f)]; r != "" {
		return r
	}
	why := "it uses " + strings.Join(o.Uses, ", which uses ")
	var names []string
	for _, h := range o.Hooks {
		if !slices.Contains(strings.Split(h.Path, "/"), "internal") {
			names = append(names, h.Name)
		}
	}
	if len(names) == 0 {
		return why + "; use one that takes a connection, listener or dialer, or build the program with netswap"
	}
	return why + "; set " + strings.Join(names, " or ") + " to what netpoller opens"
}
