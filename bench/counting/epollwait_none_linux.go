//go:build arm64 || loong64 || riscv64

package counting

var olderEpollWait []tracedCall
