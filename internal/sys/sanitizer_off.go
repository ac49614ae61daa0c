//go:build !race && !msan && !asan

package sys

func raceReadDone(int, []byte)  {}
func raceWriteStart()           {}
func raceWriteDone([]byte, int) {}
func received([]byte)           {}
func sent([]byte, int)          {}
