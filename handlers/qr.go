package handlers

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"

	"nod/views"
)

// qrCode draws a text as a QR code: a path in a square of Size modules, which a page
// shows as an element of its own. So the secret in it is at no address.
func qrCode(text string) (views.QR, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return views.QR{}, fmt.Errorf("a QR code could not be drawn: %w", err)
	}
	const quiet = 4 // the margin that readers need, in modules
	var path strings.Builder
	size := code.Bounds().Dx()
	for y := range size {
		for x := range size {
			if code.At(x, y) == color.Black {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return views.QR{Size: size + 2*quiet, Path: path.String()}, nil
}
