// Package swapped is as it is after the swap.
package swapped

import (
	"context"
	"crypto/tls"
	"log/syslog"
	"net/http"
	"net/http/httptest"
	"net/rpc"
	"net/rpc/jsonrpc"
	"net/smtp"
	"net/textproto"
	"time"

	net "github.com/a57b2d82/netpoller"
)

func ours() {
	net.Dial("tcp", "")
	l, _ := net.Listen("tcp", "")
	d := net.Dialer{Timeout: time.Second}
	d.Dial("tcp", "")
	http.Serve(l, nil)
	new(http.Server).Serve(l)
	http.HandleFunc("/", nil)
	c := &http.Client{Transport: &http.Transport{DialContext: d.DialContext}}
	c.Get("")
	later := &http.Client{}
	later.Transport = c.Transport
	tr := new(http.Transport)
	tr.DialTLSContext = d.DialContext
	tls.NewListener(l, nil)
	rpc.NewClient(nil)
	s := httptest.NewUnstartedServer(nil)
	s.Listener = l
	s.Start()
	var conn net.Conn
	_ = conn.(*net.TCPConn)
}

func theirs(s *http.Server) {
	http.ListenAndServe("", nil)            // want `http.ListenAndServe stays on net; listen with netpoller.Listen, and pass the listener to http.Serve$`
	http.ListenAndServeTLS("", "", "", nil) // want `http.ListenAndServeTLS stays on net; .* http.ServeTLS$`
	s.ListenAndServe()                      // want `http.Server.ListenAndServe stays on net; .* its method Serve$`
	s.ListenAndServeTLS("", "")             // want `http.Server.ListenAndServeTLS stays on net; .* its method ServeTLS$`
	http.Get("")                            // want `http.Get stays on net; use a Transport whose DialContext is that of a netpoller.Dialer$`
	http.Head("")                           // want `http.Head stays on net; `
	http.Post("", "", nil)                  // want `http.Post stays on net; `
	http.PostForm("", nil)                  // want `http.PostForm stays on net; `
	http.DefaultClient.Get("")              // want `http.DefaultClient stays on net; `
	http.DefaultTransport.RoundTrip(nil)    // want `http.DefaultTransport stays on net; `
	_ = &http.Client{Timeout: time.Second}  // want `this http.Client stays on net; `
	_ = &http.Client{Transport: http.NewFileTransport(nil)}
	_ = new(http.Client)                    // want `this http.Client stays on net; `
	_ = http.Transport{MaxIdleConns: 1}     // want `this http.Transport stays on net; set its DialContext to that of a netpoller.Dialer$`
	tls.Listen("tcp", "", nil)              // want `tls.Listen stays on net; use nettls.Listen$`
	tls.Dial("tcp", "", nil)                // want `tls.Dial stays on net; use nettls.Dial$`
	tls.DialWithDialer(nil, "tcp", "", nil) // want `tls.DialWithDialer stays on net; use nettls.DialWithDialer$`
	d := &tls.Dialer{}                      // want `this tls.Dialer stays on net; use a nettls.Dialer$`
	d.DialContext(context.Background(), "", "")
	httptest.NewServer(nil)                  // want `httptest.NewServer stays on net; .* call Start$`
	httptest.NewTLSServer(nil)               // want `httptest.NewTLSServer stays on net; .* call StartTLS$`
	httptest.NewUnstartedServer(nil).Start() // want `httptest.NewUnstartedServer stays on net; close its Listener`
	rpc.Dial("", "")                         // want `rpc.Dial stays on net; dial with netpoller.Dial, and pass the connection to rpc.NewClient$`
	rpc.DialHTTP("", "")                     // want `rpc.DialHTTP stays on net; `
	rpc.DialHTTPPath("", "", "")             // want `rpc.DialHTTPPath stays on net; `
	jsonrpc.Dial("", "")                     // want `jsonrpc.Dial stays on net; .* jsonrpc.NewClient$`
	smtp.Dial("")                            // want `smtp.Dial stays on net; .* smtp.NewClient$`
	smtp.SendMail("", nil, "", nil, nil)     // want `smtp.SendMail stays on net; `
	textproto.Dial("", "")                   // want `textproto.Dial stays on net; .* textproto.NewConn$`
	syslog.Dial("", "", 0, "")               // want `syslog.Dial stays on net; it takes no connection: build the program with netswap$`
	syslog.New(0, "")                        // want `syslog.New stays on net; `
	syslog.NewLogger(0, 0)                   // want `syslog.NewLogger stays on net; `
}

var serve = http.ListenAndServe // want `http.ListenAndServe stays on net; `

type server struct{ http.Server }

func (s *server) run() { s.ListenAndServe() } // want `http.Server.ListenAndServe stays on net; `
