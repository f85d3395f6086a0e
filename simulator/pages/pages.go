// Package pages holds the simulator's own pages: the list of phones, and a
// phone.
//
// Owns: how a simulated phone looks and sounds, and the presenter's switches.
// Promises: no inline script or style; what an application sends is shown as
// text, whatever it contains; a page shows what the last frame said.
// Never: decides anything. A tap is a POST, and the next frame says what
// became of it.
package pages

import "embed"

// FS holds index.html and phone.html, which share faults.html, and what they
// load under static/.
//
//go:embed *.html static
var FS embed.FS
