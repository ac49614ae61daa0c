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

// raceReadDone stores p over itself. Package reflect reports the store and the load.
func raceReadDone(_ int, p []byte) {
	if len(p) > 0 {
		storeItself(reflect.NewAt(reflect.ArrayOf(len(p), reflect.TypeFor[byte]()), unsafe.Pointer(&p[0])).Elem())
	}
}

func storeItself(v reflect.Value) { v.Set(v) }

// raceWriteStart loads p.
func raceWriteStart(p []byte) { runtime.KeepAlive(string(p)) }
