// Package servers is the work that is measured: what a server process does with its sockets.
//
// Where it stands: package process runs one of its Starters in a process of its own, and package client loads that. A
// Starter gets a Variant, which says whose sockets to use, and a Point, which says how many and how large. Work that does
// not name a variant's library is written once, for package net's kind of sockets, so that nothing but the package differs:
//
//	echo.go          echo, plain and with a deadline or a limit for each Read
//	burn.go          echo by handlers that compute first
//	http.go tls.go   servers of net/http and crypto/tls
//	udp.go           echo of datagrams
//	accept_linux.go  accept and close
//	stream_linux.go  long answers, by Write and by sendfile
//	dial.go          dial and close: the client is the measured process
//	setdeadline.go   nothing but calls of SetReadDeadline
//
// The starters in raw_linux.go and those that begin with Raw are for the variant without any library, and cloudwego_linux.go
// is for the peer that calls back.
package servers
