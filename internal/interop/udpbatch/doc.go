// Package udpbatch compares UDPConn.ReadBatch and WriteBatch with those that
// golang.org/x/net/ipv4 and ipv6 have for package net's UDPConn: the same steps, and
// what came of each.
package udpbatch
