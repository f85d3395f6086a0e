package handlers_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"strings"
	"testing"

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
		`TestSignInByAnOwnPhone`, `TestTwoOwnPhonesThroughARestart`, `TestATransferByAnOwnPhone`, `TestARevokedPhoneIsToldSo`,
	}, "|") + `)$`,
	Template: func(url string) error {
		s, err := store.Open(context.Background(), url, store.Options{SecretKey: serverKey})
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
