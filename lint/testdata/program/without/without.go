// Package without does not import net, and breaks.
package without

import (
	"example.com/dep"
	"example.com/program/api"
)

func without() {
	c, _ := dep.Open() // want `dep.Open stays on net`
	api.Handle(c)      // want `does not compile once net is netpoller: .* in argument to api.Handle; `
}
