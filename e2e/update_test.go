package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"testing"
)

// ofNewer is what a newer version of Nod has besides: its worker ends in another line, as
// it does whenever any file of the pages is another one.
var ofNewer = map[string]string{
	"/phone/worker.js":    "// a newer version\n",
	"/static/ownphone.js": "document.documentElement.dataset.version = \"newer\";\n",
}

// lengthen adds a text to what Nod sends.
func lengthen(r *http.Response, added string) error {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(body)
		if err != nil {
			return err
		}
		body = plain
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	text = append(text, added...)
	r.Header.Del("Content-Encoding")
	r.Header.Del("ETag")
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return nil
}

// Nod is updated while the page of a phone is open, and a number is half typed there. The
// page says that it is an older one; the newer one comes when its person says so, with
// what was typed.
func TestThePageOfAPhoneIsUpdated(t *testing.T) {
	story(t)
	n, proxy := behindProxy(t)
	tb, hand := n.person().tab(), n.person().tab()
	tb.expect("WebSocket connection", "ERR_")
	hand.expect("WebSocket connection", "ERR_", "401")
	p := tb.signedIn("ada@example.com", "2015550101")
	addOwnPhone(tb, hand, "Pixel")
	hand.is(`document.title.startsWith("Pixel ·")`)
	hand.is(`navigator.serviceWorker.controller?.state === "activated"`)
	tb.click("#logout-form button")
	tb.at("/")
	tb.signIn(p.Email)
	hand.see(pendingCard + "input")
	hand.is(`document.title.startsWith("` + words("ownphone.kind.login") + `")`)
	number := tb.text("#number")
	hand.fill(pendingCard+"input", number[:3])

	proxy.newer.Store(true)
	proxy.wire.cut() // as a start of Nod does
	hand.see("#updated")
	hand.look(390, "light")
	hand.fits(390)
	hand.accessible("a page of an older version")
	typed := `document.querySelector('` + pendingCard + `input')?.value === "` + number[:3] + `"`
	hand.is(typed + ` && document.documentElement.dataset.version === undefined`)
	hand.click("#reload")
	hand.is(typed + ` && document.documentElement.dataset.version === "newer"`)
	hand.is(`document.querySelector("#updated").hidden`)
	hand.typeNumber(number)
	tb.at("/protected")
}
