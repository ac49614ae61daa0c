// Package measure takes one measurement: it starts a server, loads it, and says what each request has cost.
//
// Where it stands: above client and process, which it brings together, and below scenarios, which says what is loaded how.
// A Run has the figures of one measurement, Calls the system calls of one; metrics.go has the names that tables give to
// what a Run tells.
package measure
