// Package machine describes the machine that figures are taken on, and says whether it is quiet enough for that.
//
// Where it stands: at the bottom, beside counting, which looks at one process. Command bench waits for a quiet machine before
// it measures, package measure asks how much of a run went to other programs, and package report saves the description.
package machine
