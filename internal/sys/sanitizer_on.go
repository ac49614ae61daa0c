//go:build msan || asan

package sys

import (
	"reflect"
	"runtime"
	"unsafe"
)

// The memory sanitizer believes that memory from C is without a value until it hears of a
// store, and the address sanitizer checks the loads and stores that it hears of. Neither
// knows what the kernel does on behalf of a raw call. The functions of package syscall
// tell them, through an interface that is out of reach; so these annotations make the same
// accesses once more.

// raceReadDone stores p where it is: package reflect tells of the store, and then of the
// load.
func raceReadDone(_ int, p []byte) {
	if len(p) > 0 {
		storeItself(reflect.NewAt(reflect.ArrayOf(len(p), reflect.TypeFor[byte]()), unsafe.Pointer(&p[0])).Elem())
	}
}

func storeItself(v reflect.Value) { v.Set(v) }

// raceWriteStart loads p.
func raceWriteStart(p []byte) { runtime.KeepAlive(string(p)) }
