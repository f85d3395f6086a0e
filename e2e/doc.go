// Package e2e holds the stories of people at Nod: the real binary, built with
// the race detector, a real Chromium and nothing between them but, where the
// story wants it, a bad proxy.
//
// Owns: the browser, the process and the pages as a person meets them.
// Promises: a story fails on any error in a browser's console, on any breach
// of the content security policy, and on any data race of the binary.
// Never: reaches into Nod; what a story knows, a browser or the phone's JSON
// has told it.
package e2e
