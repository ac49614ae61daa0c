package netpoller

import "github.com/a57b2d82/netpoller/conn"

// A Message is a packet of UDPConn.ReadBatch and UDPConn.WriteBatch, as in package
// golang.org/x/net/ipv4. See conn.Message. On systems other than Linux, where UDPConn is
// package net's, it is there and nothing reads or writes it.
type Message = conn.Message
