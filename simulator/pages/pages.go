// Package pages holds the simulator's web pages: the list of phones, and a phone.
//
// Owns: the templates, styles and scripts of these pages, with their form for
// faults.
// Promises: no inline script or style; text from an application is never
// treated as HTML; a phone's page shows the state of the last frame.
// Never: decides anything: a tap is a POST, and the next frame has its result.
package pages

import "embed"

// FS holds index.html and phone.html, which share faults.html, the page of
// errors, and what they load under static/.
//
//go:embed *.html static
var FS embed.FS
