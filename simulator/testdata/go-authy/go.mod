// A program that the tests build to run the client github.com/dcu/go-authy. It
// is a module of its own, so that Nod does not depend on the client.
module go-authy-worker

go 1.26.0

require github.com/dcu/go-authy v1.0.1

require (
	github.com/gojektech/heimdall v5.0.2+incompatible // indirect
	github.com/gojektech/valkyrie v0.0.0-20180215180059-6aee720afcdf // indirect
	github.com/pkg/errors v0.9.1 // indirect
)
