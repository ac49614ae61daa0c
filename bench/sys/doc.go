// Package sys has the system calls that cost less than those of package unix: they skip what the scheduler does around a
// call, which one on a non-blocking socket does not need.
//
// Where it stands: at the bottom. The client uses it to stay cheap, and the raw servers to be a floor under all others.
package sys
