// Only for module mode (editors, `go vet`); tests/conformance/go_verifier.py builds with GO111MODULE=off.
// The replacement is where Debian's golang-golang-x-mod-dev puts the package, so nothing is downloaded.
module kreisweit.example/verify

go 1.19

require golang.org/x/mod v0.7.0

replace golang.org/x/mod => /usr/share/gocode/src/golang.org/x/mod
