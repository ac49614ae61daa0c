// Package deps calls functions of a dependency.
package deps

import "example.com/dep"

func opens() {
	dep.Dial("")                 // want `dep.Dial stays on net; it uses dep.connect, which uses net.Dial; use one that takes a connection`
	dep.Fetch("")                // want `dep.Fetch stays on net; it uses http.Get; `
	dep.Exchange("")             // want `dep.Exchange stays on net; it uses dep.client, which uses http.DefaultClient; `
	new(dep.Options).Connect("") // want `dep.Options.Connect stays on net; it uses dep.connect`
	dep.Map[int]("", nil)        // want `dep.Map stays on net; it uses dep.connect`
	dep.Open()                   // want `dep.Open stays on net; it uses net.DialTCP`
	dial := dep.Dial             // want `dep.Dial stays on net`
	dial("")
	local("")
}

func opensNone() {
	dep.Parse("")
	dep.On(nil)
	dep.Default("")
	dep.New("", dep.WithDial(nil))
	dep.Accept(nil)
}

func local(addr string) { dep.Dial(addr) } // want `dep.Dial stays on net`
