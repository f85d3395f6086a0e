package handlers_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // opens the session file

	"nod/authy"
	"nod/providers"
)

// oldSite is the application of now on the files that version 68d1548 left
// behind, at the moment it was stopped.
func oldSite(t *testing.T, options ...option) *site {
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
	return newSiteIn(t, dir, &clock{now: time.UnixMilli(1795644973000).UTC()}, options...)
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
	wantStatus(t, s.oldBrowser("bob").get("/protected"), http.StatusOK)
}

// An earlier version showed the secret of a phone to every account with its number.
// Whoever has carried it away makes no more codes with it, and the owner is told to
// add the app again.
func TestUpgradeReplacesTheSecretsOfTheProvider(t *testing.T) {
	s := oldSite(t)
	ada, b := s.phoneOf("ada@example.com"), s.browser()
	carried := ada.tokenOf("?kind=generic")
	b.passPassword(person{Email: "ada@example.com"})
	wantStatus(t, b.post("/verify-token", "token", carried), http.StatusUnprocessableEntity)
	replaced := ada.tokenOf("?kind=generic")
	if replaced == carried {
		t.Fatal("the secret is the one from before")
	}
	wantRedirect(t, b.post("/verify-token", "token", ada.token()), "/protected")
	wantBody(t, b.get("/protected"), words("authenticator.lost"))
	if ada.tokenOf("?kind=generic") != replaced {
		t.Error("the secret was replaced twice")
	}
}

// Where the provider cannot be asked to replace it, no code of an app is taken.
func TestUpgradeTakesNoCodeBeforeTheSecretIsReplaced(t *testing.T) {
	broken := &brokenSecret{err: authy.ErrUnavailable}
	s := oldSite(t, func(c *config) { broken.AuthyAPI = c.Authy; c.Authy = broken })
	ada, b := s.phoneOf("ada@example.com"), s.browser()
	b.passPassword(person{Email: "ada@example.com"})
	wantStatus(t, b.post("/verify-token", "token", ada.tokenOf("?kind=generic")), http.StatusServiceUnavailable)
	broken.err = nil
	wantRedirect(t, b.post("/verify-token", "token", ada.token()), "/protected")
}

type brokenSecret struct {
	providers.AuthyAPI
	err error
}

func (b *brokenSecret) AuthenticatorQR(ctx context.Context, id int64, label string, size int) (authy.QRCode, error) {
	if b.err != nil {
		return authy.QRCode{}, b.err
	}
	return b.AuthyAPI.AuthenticatorQR(ctx, id, label, size)
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
	carol.wantKnown(1)

	gus := s.oldBrowser("gus")
	wantBody(t, gus.get("/verify-token"), words("token.sent"))
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
