package deps

import "example.com/dep"

func opensMaybe() { dep.NewClient(new(dep.Options)) } // want `dep.NewClient stays on net; it uses dep.Dial, which uses dep.connect, which uses net.Dial; set dep.Options.Dialer to what netpoller opens`

func opensAgain(c *dep.Client) { c.Again("") } // want `dep.Client.Again stays on net; it uses dep.connect, which uses net.Dial; set dep.Options.Dialer to`

func opensByDefault() { dep.NewConfig() } // want `dep.NewConfig stays on net; it uses dep.connect, which uses net.Dial; set dep.Embedded.DialFunc to`
