// Package pages holds the page of the stage.
//
// Owns: its templates, styles and scripts.
// Promises: no inline script or style; what comes from a request is text, never HTML.
// Never: loads anything from elsewhere.
package pages

import "embed"

// FS holds stage.html, closed.html, and what they load under static/.
//
//go:embed *.html static
var FS embed.FS
