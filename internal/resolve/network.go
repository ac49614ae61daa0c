package resolve

import (
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
)

// Network returns the family and the protocol of a network. For "ip4:icmp" these are "ip4"
// and 1; for other networks, the network itself and 0. It fails if package net does not
// have the network, or if a network of IP has no protocol or an unknown one.
func Network(network string) (family string, proto int, err error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix", "unixgram", "unixpacket":
		return network, 0, nil
	}
	if i := strings.LastIndexByte(network, ':'); i >= 0 {
		switch family := network[:i]; family {
		case "ip", "ip4", "ip6":
			proto, err = protocol(network[i+1:])
			return family, proto, err
		}
	}
	return "", 0, net.UnknownNetworkError(network)
}

// IPNetwork is Network that fails for networks without a protocol.
func IPNetwork(network string) (family string, proto int, err error) {
	family, proto, err = Network(network)
	if err == nil && !strings.HasPrefix(family, "ip") {
		err = net.UnknownNetworkError(network)
	}
	return family, proto, err
}

// protocol returns the number of an IP protocol, which is given as a name or a number.
func protocol(name string) (int, error) {
	// Package net's parser stops at 1<<24-1, which it returns for numbers that do not fit.
	if n, err := strconv.ParseUint(name, 10, 24); err == nil && n < 1<<24-1 {
		return int(n), nil
	}
	if n, ok := protocols()[strings.ToLower(name)]; ok {
		return n, nil
	}
	return 0, &net.AddrError{Err: "unknown IP protocol specified", Addr: name}
}

// protocols returns the protocols in /etc/protocols, and those that package net knows without
// it.
var protocols = sync.OnceValue(func() map[string]int {
	known := map[string]int{"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "ipv6-icmp": 58}
	file, err := os.ReadFile("/etc/protocols")
	if err != nil {
		return known
	}
	for line := range strings.Lines(string(file)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		n, err := strconv.Atoi(fields[1])
		if err != nil {
			continue
		}
		for i, name := range fields {
			if i != 1 {
				known[strings.ToLower(name)] = n
			}
		}
	}
	return known
})
