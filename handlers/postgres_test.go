package handlers_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"nod/handlers"
	"nod/store"
	"nod/tools/postgres"
)

// suite tells the stories of a sign-in on PostgreSQL, too: one of each way in and out.
var suite = postgres.Suite{
	Run: `^(` + strings.Join([]string{
		`TestSignInWithATap`, `TestSignUpLeadsToTheSecondStep.*`, `TestDenyEndsTheAttempt`, `TestExpiryIsTold.*`, `TestCancelEndsTheAttempt`,
		`TestTwoBrowsersAtOnce`, `TestSignOutIsForEver`, `TestSignOutWhileWaiting.*`, `TestSessionsEndByIdlenessAndByAge`, `TestNoFixation`,
		`TestFirstAnswerWins`, `TestAnAnswerThatComesAgainIsTold`, `TestALostCallbackIsMadeUpFor`, `TestOfParallelConfirmsOneHolderIsIn`, `TestABrowserMayCallItselfAnything`,
		`TestSignInByTheTokenOfTheApp`, `TestSignInBySMSAndByCall`, `TestParallelGuessesAreCounted`, `TestSignInByARecoveryCode`, `TestAnAppOfOnesOwn`,
		`TestATransferIsApprovedAndSentOnce`, `TestATransferIsWithdrawn`, `TestAllOtherSessionsAreEnded`, `TestAPasswordIsChanged`,
		`TestAForgottenPassword`, `TestAnotherPhone`, `TestAnAccountIsClosed`,
		`TestAServerThatTookNoWrites`, `TestCookiesOutliveClocksThatDiffer`, `TestSignInByAnOwnPhone`, `TestTwoOwnPhonesThroughARestart`, `TestATransferByAnOwnPhone`, `TestARevokedPhoneIsToldSo`,
	}, "|") + `)$`,
	Template: func(database string) error {
		s, err := store.Open(context.Background(), database, store.Options{SecretKey: serverKey})
		if err != nil {
			return err
		}
		return s.Close()
	},
}

// serverKey is the secret key of a site on PostgreSQL, beside which no file lies.
var serverKey = bytes.Repeat([]byte("k"), 32)

func TestMain(m *testing.M) { os.Exit(suite.Main(m)) }

// openSessions opens Fiber's sessions beside the database, or in it.
func (s *site) openSessions() handlers.Sessions {
	s.t.Helper()
	if store.IsServer(s.database) {
		sessions, err := handlers.NewSessionTable(s.t.Context(), s.database)
		must(s.t, err)
		return sessions
	}
	sessions, err := handlers.OpenSessions(strings.TrimSuffix(s.database, "nod.db")+"sessions.db", hung)
	must(s.t, err)
	return sessions
}

// takeNoWrites has new connections to a server take none until end. Those that there are
// end: the next ones are new.
func (s *site) takeNoWrites() (end func()) {
	s.t.Helper()
	u, err := url.Parse(s.database)
	must(s.t, err)
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	alter := func(statements ...string) {
		conn, err := pgx.Connect(context.Background(), u.String())
		must(s.t, err)
		defer conn.Close(context.Background())
		for _, statement := range statements {
			_, err := conn.Exec(context.Background(), statement)
			must(s.t, err)
		}
	}
	alter(`ALTER DATABASE `+name+` SET default_transaction_read_only = on`,
		`SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '`+name+`'`)
	return func() { alter(`ALTER DATABASE ` + name + ` RESET default_transaction_read_only`) }
}

// A server that took no writes for a while is written again without a restart. Meanwhile
// no password is used up for a cookie that cannot be kept.
func TestAServerThatTookNoWrites(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	b := s.browser()
	if store.IsServer(s.database) {
		end := s.takeNoWrites()
		defer end()
		for range 3 {
			wantStatus(t, b.post("/login", "email", ada.Email, "password", goodPassword), http.StatusServiceUnavailable)
		}
		wantBody(t, b.get("/readyz"), `"database":"cannot be written"`, `"sessions":"cannot be written"`)
		end()
	}
	wantRedirect(t, b.post("/login", "email", ada.Email, "password", goodPassword), "/login/approval")
}

// A machine whose clock is hours ahead of that of another finds what its cookies refer to.
func TestCookiesOutliveClocksThatDiffer(t *testing.T) {
	s := newSite(t)
	s.browser().waits(s.account("ada@example.com"))
	if !store.IsServer(s.database) {
		return // one process has one clock
	}
	conn, err := pgx.Connect(t.Context(), s.database)
	must(t, err)
	defer conn.Close(context.Background())
	var soonest int64
	must(t, conn.QueryRow(t.Context(), `SELECT MIN(e) FROM nod_cookies`).Scan(&soonest))
	if left := time.Until(time.Unix(soonest, 0)); left < 10*time.Hour {
		t.Errorf("another machine may forget a browser that waits in %v", left)
	}
}

// userAgent is what a browser calls itself.
type userAgent string

func (u userAgent) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", string(u))
	return http.DefaultTransport.RoundTrip(req)
}

// What a browser calls itself need not be UTF-8, nor end where a letter does.
func TestABrowserMayCallItselfAnything(t *testing.T) {
	s := newSite(t)
	ada := s.account("ada@example.com")
	for _, name := range []userAgent{"Netscape\xff\xfe 4", userAgent(strings.Repeat("ü", 300)), ""} {
		b := s.browser()
		b.http.Transport = name
		b.passPassword(ada)
		ada.phone.approve(ada.phone.pending())
		wantRedirect(t, b.post("/confirm-login"), "/protected")
		wantStatus(t, b.get("/protected"), http.StatusOK)
		wantRedirect(t, b.post("/logout"), "/", "signed-out")
	}
}
