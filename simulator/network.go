package simulator

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image/png"
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/boombuler/barcode/qr"
)

// elsewhere is how a page is opened on another device.
type elsewhere struct {
	URLs []string
	QR   template.URL // a picture of the first one
}

// elsewhere returns nil if no other device can open the page.
func (s *Simulator) elsewhere(path string) (*elsewhere, error) {
	if len(s.config.NetworkURLs) == 0 {
		return nil, nil
	}
	var on elsewhere
	for _, url := range s.config.NetworkURLs {
		on.URLs = append(on.URLs, url+path)
	}
	picture, err := QRCode(on.URLs[0])
	if err != nil {
		return nil, err
	}
	on.QR = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture))
	return &on, nil
}

// QRCode is the QR code of a text as a PNG, one pixel a module, without the margin that
// readers need.
func QRCode(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, err
	}
	var picture bytes.Buffer
	err = png.Encode(&picture, code)
	return picture.Bytes(), err
}

// appLink is where whoever sends a request finds the application, "" if its address
// leads nowhere from their device.
func (s *Simulator) appLink(r *http.Request) string {
	app := s.appURL()
	u, err := url.Parse(app)
	if err != nil || isLoopback(u.Hostname()) && !isLoopback(hostOnly(r.Host)) {
		return ""
	}
	return app
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// localIP is the server's address on the request's connection.
func localIP(r *http.Request) netip.Addr {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return netip.Addr{}
	}
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
