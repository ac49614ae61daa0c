// Package dns holds no code, only tests: package net's resolver asking a name server
// over connections of package netpoller, beside the same over package net's.
package dns
