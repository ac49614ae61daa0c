// Package soak has a test that runs for as long as one likes: HTTP with connections that
// are kept and others that are not, TLS, HTTP/2 and gRPC all at once, by clients of which
// some are killed at any moment. Nothing may be left of them, and nothing may fail that
// no client has caused.
//
//	parent (the test)                         children (this binary again)
//	http.Server, TLS, grpc.Server  <--- TCP --- keep-alive, short, TLS, HTTP/2, gRPC,
//	on one group of reactors                    requests that are canceled
//	starts, stops and kills        --- stdin --->  one group each
package soak
