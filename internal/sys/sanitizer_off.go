//go:build !race && !msan && !asan

package sys

func raceReadDone(int, []byte) {}
func raceWriteStart([]byte)    {}
