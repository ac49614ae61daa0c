// Package servers is the work that is measured: what a server process does with its sockets.
//
// Where it stands: package process runs one of its Starters in a process of its own, and package client loads that. A
// Starter gets a Variant, which says whose sockets to use, and a Point, which says how many and how large. Work that does
// not name a variant's library is written once, for package net's kind of sockets, so that nothing but the package differs:
//
//	echo.go          echo, plain, with a deadline or a limit for each Read, and for one request only
//	burn.go          echo by handlers that compute first
//	http.go tls.go   servers of net/http and crypto/tls
//	udp.go           echo of datagrams
//	accept_linux.go  accept and close
//	stream_linux.go  long answers, by Write and by sendfile
//	dial.go          dial and close: the client is the measured process
//	register.go      the same with sockets that cost the kernel little
//	setdeadline.go   nothing but calls of SetReadDeadline
//
// The starters in raw_linux.go and those that begin with Raw are for the variant without any library. cloudwego_linux.go,
// gnet_linux.go and nbio_linux.go are for the peers, each in its own words.
package servers
