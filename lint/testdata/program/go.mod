module example.com/program

go 1.25.0

require (
	example.com/dep v0.0.0
	github.com/a57b2d82/netpoller v0.0.0
)

require golang.org/x/sys v0.47.0 // indirect

replace (
	example.com/dep => ../dep
	github.com/a57b2d82/netpoller => ../../..
)
