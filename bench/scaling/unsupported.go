//go:build !linux

// Command scaling needs Linux: netpoller is package net elsewhere.
package main

import "log"

func main() { log.Fatal("scaling needs Linux") }
