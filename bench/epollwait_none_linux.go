//go:build arm64 || loong64 || riscv64

package main

var olderEpollWait []tracedCall
