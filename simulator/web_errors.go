package simulator

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// tellError replies with an error: a page to a person who opens one, JSON to
// everybody else.
func (s *Simulator) tellError(w http.ResponseWriter, r *http.Request, status int, text string) {
	if r.Method != http.MethodGet || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		_ = writeJSON(w, status, map[string]string{"error": text}) // the client is gone
		return
	}
	page := map[string]any{"AppName": s.app.name, "Title": "error.other", "Text": text}
	switch {
	case text == ErrNoPhone.Error():
		page["Title"], page["Text"] = "error.gone", ""
	case status == http.StatusMisdirectedRequest:
		page["Title"], page["Host"], page["Here"] = "error.host", hostOnly(r.Host), usualURL(r)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// Without a page the status still says it.
	_ = s.language(r).Execute(w, "error.html", page)
}

// usualURL is the same page under the address that received the request, which is
// always allowed.
func usualURL(r *http.Request) string {
	u := url.URL{Scheme: "http", Host: "localhost", Path: r.URL.Path}
	if ip := localIP(r); ip.IsValid() && !ip.IsLoopback() {
		u.Host = ip.String()
	}
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if _, port, err := net.SplitHostPort(addr.String()); err == nil {
			u.Host = net.JoinHostPort(u.Host, port)
		}
	}
	return u.String()
}
