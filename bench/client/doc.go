// Package client loads the process that is measured.
//
// Where it stands: above process, from which it gets the address to load, and below measure, which runs a Loader for a while
// and takes down what its Load says. loads_linux.go has the constructors, one for each kind of work of package servers; they
// build on
//
//	client_linux.go    a closed loop over raw epoll, in one goroutine; it says what a dialogue says (dialogue.go)
//	patient.go         the same with a pause before each request
//	openloop_linux.go  the same by the clock
//	neighbor_linux.go  two patient ones side by side
//	tls.go             a closed loop of goroutines, over crypto/tls
//	churn_linux.go     connections that the server closes
//	sink_linux.go      the other end of a subject that loads itself
//
// Loads compare every byte that they get, except for that of Stream.
package client
