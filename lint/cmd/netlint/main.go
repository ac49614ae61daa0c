// Command netlint lists what stays on package net when a program imports netpoller in its
// place, and what does not compile then. See package lint.
//
//	go vet -vettool=$(which netlint) ./...   # the results are kept in the build cache
//	netlint ./...                            # the same, without the go command
package main

import (
	"golang.org/x/tools/go/analysis/singlechecker"

	"github.com/a57b2d82/netpoller/lint"
)

func main() { singlechecker.Main(lint.Analyzer) }
