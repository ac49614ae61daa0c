//go:build linux && !race

package ends

const Race = false
