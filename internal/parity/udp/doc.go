// Package udp has no code, only tests. They compare package net and this one in
// UDP: its methods, their errors, zones and multicast; and
// what golang.org/x/net/nettest asks of streams, asked of packets.
//
// Where it stands: above the root package, whose names it uses as a program does.
package udp
