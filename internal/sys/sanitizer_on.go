//go:build msan || asan

package sys

import (
	"reflect"
	"runtime"
	"unsafe"
)

// The memory sanitizer treats memory from C as uninitialized until a store to it is
// reported. The address sanitizer checks the loads and stores that are reported. Neither
// sees the accesses that the kernel makes for a raw call. Package syscall reports them
// through functions that are not exported, so these functions make the same accesses
// again.

func raceReadDone(_ int, p []byte)  { received(p) }
func raceWriteStart()               {}
func raceWriteDone(p []byte, n int) { sent(p, n) }

// received stores p, which a call has filled, over itself. Package reflect reports the store and
// the load.
func received(p []byte) {
	if len(p) > 0 {
		storeItself(reflect.NewAt(reflect.ArrayOf(len(p), reflect.TypeFor[byte]()), unsafe.Pointer(&p[0])).Elem())
	}
}

func storeItself(v reflect.Value) { v.Set(v) }

// sent loads the n bytes of p that a call has sent.
func sent(p []byte, n int) { runtime.KeepAlive(string(p[:min(n, len(p))])) }
