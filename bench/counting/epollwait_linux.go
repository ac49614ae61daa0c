//go:build !arm64 && !loong64 && !riscv64

package counting

import "golang.org/x/sys/unix"

// olderEpollWait is epoll_wait, which most machines have beside epoll_pwait.
var olderEpollWait = []tracedCall{{"epoll_wait", unix.SYS_EPOLL_WAIT}}
