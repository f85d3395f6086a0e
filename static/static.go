// Package static holds what the pages load: the stylesheet, the scripts and
// the pictures.
//
// Owns: how the pages look and what they do by themselves.
// Promises: every page works without the scripts; they make it immediate.
// No script writes HTML; texts go in as text.
// Never: lets an event decide. A script that hears "approved" sends the form
// that a person could have sent, and the server decides.
package static

import "embed"

// FS holds the files under the names they are served by, without a prefix.
//
//go:embed *.css *.js *.svg *.png *.webmanifest tokens/tokens.css
var FS embed.FS
