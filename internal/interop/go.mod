module github.com/a57b2d82/netpoller/internal/interop

go 1.25.0

require (
	github.com/a57b2d82/netpoller v0.0.0-00010101000000-000000000000
	github.com/stretchr/testify v1.12.1
	golang.org/x/net v0.58.0
	golang.org/x/sys v0.47.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect

replace github.com/a57b2d82/netpoller => ../../
