// Package dialer makes connections.
//
// Where it stands: beside listener, on top of conn.
//
//	DialContext   deadline and cancellation into one context; resolve      dialer_linux.go
//	     |
//	  parallel    IPv6 and IPv4 race, one with a head start (RFC 6555)     race_linux.go
//	     |
//	   serial     one address after the other, the time left shared out    race_linux.go
//	     |
//	    single    hooks, Multipath TCP, connect; again if the kernel        tcp_linux.go
//	              connected us to ourselves
package dialer
