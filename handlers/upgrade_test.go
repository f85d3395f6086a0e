package handlers_test

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // opens the session file
)

// oldSite is the application of now on the files that version 68d1548 left
// behind, at the moment it was stopped.
func oldSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	for name, now := range map[string]string{"nod.db": "nod.db", "nod-sessions.db": "sessions.db", "nod-simulator.db": "simulator.db"} {
		content, err := os.ReadFile(filepath.Join("../testdata/68d1548", name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, now), content, 0o600))
	}
	// The library compares with the real time, in which these sessions are
	// long over.
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "sessions.db"))
	must(t, err)
	_, err = db.ExecContext(t.Context(), `UPDATE sessions SET e = 0`)
	must(t, err)
	must(t, db.Close())
	return newSiteIn(t, dir, &clock{now: time.UnixMilli(1795644973000).UTC()})
}

// oldBrowser has the cookies of a browser of that time.
func (s *site) oldBrowser(name string) *browser {
	s.t.Helper()
	content, err := os.ReadFile("../testdata/68d1548/cookies.json")
	must(s.t, err)
	var cookies map[string]map[string]string
	must(s.t, json.Unmarshal(content, &cookies))
	b := s.browser()
	u, err := url.Parse(s.url)
	must(s.t, err)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: "nod_session", Value: cookies[name]["nod_session"], Path: "/"}})
	return b
}

func TestUpgradeSignsNobodyOut(t *testing.T) {
	s := oldSite(t)
	ada := s.oldBrowser("ada")
	in := ada.get("/protected")
	wantStatus(t, in, http.StatusOK)
	wantBody(t, in, "ada@example.com", "100001", "a tap on your phone")
	for payee, status := range map[string]string{
		"52YUXSW66ANDTXIS54KR7D7UOR": "approved", "PCATEZMU777PGY3CNLZHGN42QR": "executed", "3DRS66ODP4U2VAXBUYAWNHWIIG": "denied",
		"UNZ4IEXRFIHPGNLYFPPWW224K7": "refused", "FTVMWUYFDS5HY5U63JXMTO2L55": "cancelled", "I2YQROC66CTOSYZZF6SHOM4TYZ": "expired",
	} {
		wantBody(t, in, `data-transfer="`+payee+`" data-status="`+status+`"`)
	}
	wantRedirect(t, ada.post("/transfers/52YUXSW66ANDTXIS54KR7D7UOR/execute", "payee", "Approved", "amount", "12.50", "currency", "EUR"),
		"/protected#transfers")
	// The authenticator that was added before still makes her codes.
	wantStatus(t, s.oldBrowser("bob").get("/protected"), http.StatusOK)
}

func TestUpgradeKeepsTheAuthenticator(t *testing.T) {
	s := oldSite(t)
	b := s.browser()
	b.passPassword(person{Email: "ada@example.com"})
	code := s.phoneOf("ada@example.com").tokenOf("?kind=generic")
	wantRedirect(t, b.post("/verify-token", "token", code), "/protected")
}

func TestUpgradeInTheMiddleOfASignIn(t *testing.T) {
	s := oldSite(t)
	carol := s.oldBrowser("carol")
	events := carol.events()
	events.want("pending")
	phone := s.phoneOf("carol@example.com")
	phone.approve(phone.pending())
	events.want("approved")
	wantRedirect(t, carol.post("/confirm-login"), "/protected")
	wantBody(t, carol.get("/protected"), "carol@example.com")

	gus := s.oldBrowser("gus")
	wantBody(t, gus.get("/verify-token"), "A code is on its way by SMS")
	wantRedirect(t, gus.post("/verify-token", "token", s.phoneOf("gus@example.com").code("sms")), "/protected")
}

func TestUpgradeKeepsWaitingTransfers(t *testing.T) {
	s := oldSite(t)
	bob := s.oldBrowser("bob")
	events := bob.transferEvents()
	nextLedger(t, events, "awaiting")
	phone := s.phoneOf("bob@example.com")
	for _, r := range phone.requests() {
		if r.Message == "Send 12.50 EUR to Awaiting?" {
			phone.approve(r.UUID)
		}
	}
	id := nextLedger(t, events, "approved")
	wantRedirect(t, bob.post("/transfers/"+id+"/execute", "payee", "Awaiting", "amount", "12.50", "currency", "EUR"), "/protected#transfers")
	nextLedger(t, events, "executed")
}
