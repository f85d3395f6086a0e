// Package views holds the pages of the application as html/template files.
//
// Owns: every sentence a page shows, in every state. States that a script
// reveals are rendered here too, hidden, so that a visitor without script and
// one with it read the same words.
// Promises: no inline script, no inline style and no style attribute, so the
// Content-Security-Policy needs no exception; one h1 a page; every field has
// a label and its error stands beside it.
// Never: decides anything. A template reads what a handler gives it.
package views

import "embed"

// FS holds layout.html, which embeds a page, the pages by the name a handler
// renders them with, and partials.html with the pieces they share.
//
//go:embed *.html
var FS embed.FS
