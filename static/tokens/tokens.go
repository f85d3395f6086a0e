// Package tokens holds the sheet that every page of Nod begins with.
//
// Owns: type, space, grid, colour, shape, height and motion, by name.
// Promises: the application and the simulated phones load these very bytes.
// Never: styles an element; each sheet says what becomes of its own.
package tokens

import _ "embed" // for the sheet

// CSS is the sheet.
//
//go:embed tokens.css
var CSS []byte
