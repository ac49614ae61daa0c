// Package dialer makes connections.
//
// Where it stands: beside listener, on top of conn.
//
//	DialContext   merges deadline and cancellation into one context; resolves  dialer_linux.go
//	     |
//	  parallel    IPv6 and IPv4 race, one with a head start (RFC 6555)         race_linux.go
//	     |
//	   serial     tries the addresses in turn, each in a share of the time     race_linux.go
//	     |
//	    single    hooks, Multipath TCP, connect; again if the kernel           tcp_linux.go
//	              connected the socket to itself
//
// On other systems than Linux package net dials.
package dialer
