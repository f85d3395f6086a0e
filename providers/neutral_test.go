package providers_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"nod/authy"
	"nod/providers"
	"nod/signin"
	"nod/simulator"
	"nod/store"
)

// hung ends a test that would never end; no verdict depends on it.
const hung = 3 * time.Minute

// line is an adapter with the real client, connected to the simulator. Ada has
// a phone with the app.
type line struct {
	*providers.Authy
	sim *simulator.Simulator
	ada string // her handle
	id  int64
}

func newLine(t *testing.T) *line {
	t.Helper()
	hangs := make(chan context.CancelFunc, 1)
	sim, err := simulator.New(simulator.Config{
		APIKey: "a-key-for-tests", Path: filepath.Join(t.TempDir(), "simulator.db"),
		// What hangs is given up as soon as it does.
		Wait: func(ctx context.Context, _ time.Duration) { (<-hangs)(); <-ctx.Done() },
	})
	must(t, err)
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(func() {
		server.Close()
		must(t, sim.Close(context.Background()))
	})
	client := authy.NewClient(server.URL, sim.APIKey())
	client.Timeout, client.Transport = hung, giveUp{hangs}
	l := &line{Authy: &providers.Authy{Words: words(t), API: client, APIKey: sim.APIKey(), CallbackURL: "http://localhost/callback"}, sim: sim}
	l.ada, err = l.Register(t.Context(), signin.Phone{Email: "ada@example.com", CountryCode: 1, Number: "2015550101"})
	must(t, err)
	l.id, err = strconv.ParseInt(l.ada, 10, 64)
	must(t, err)
	return l
}

// giveUp hands the simulator the way to time the newest call out.
type giveUp struct{ hangs chan context.CancelFunc }

func (g giveUp) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	select {
	case <-g.hangs: // of a call that did not hang
	default:
	}
	g.hangs <- func() { cancel(context.DeadlineExceeded) }
	return http.DefaultTransport.RoundTrip(r.Clone(ctx))
}

// calls are all that is asked of a provider.
var calls = []struct {
	name string
	call func(context.Context, *line) error
}{
	{"Register", func(ctx context.Context, l *line) error {
		_, err := l.Register(ctx, signin.Phone{Email: "bob@example.com", CountryCode: 1, Number: "2015550102"})
		return err
	}},
	{"Ask", func(ctx context.Context, l *line) error {
		_, err := l.Ask(ctx, l.ada, signin.Question{Kind: store.KindLogin})
		return err
	}},
	{"Answer", func(ctx context.Context, l *line) error {
		_, err := l.Answer(ctx, "550e8400-e29b-41d4-a716-446655440000")
		return err
	}},
	{"Send an SMS", func(ctx context.Context, l *line) error {
		_, err := l.Send(ctx, l.ada, signin.Message{By: store.MethodSMS, Purpose: "sign-in"})
		return err
	}},
	{"Send by call", func(ctx context.Context, l *line) error {
		_, err := l.Send(ctx, l.ada, signin.Message{By: store.MethodCall, Purpose: "sign-in"})
		return err
	}},
	{"Check", func(ctx context.Context, l *line) error { return l.Check(ctx, l.ada, "1234567", "") }},
	{"ReplaceSecret", func(ctx context.Context, l *line) error { return l.ReplaceSecret(ctx, l.ada) }},
	{"Forget", func(ctx context.Context, l *line) error { return l.Forget(ctx, l.ada) }},
}

// neutralErrors are all that signin knows of a provider's errors.
var neutralErrors = []error{
	signin.ErrNoDevice, signin.ErrUnavailable, signin.ErrRateLimited, signin.ErrRefused, signin.ErrWrongCode, store.ErrCodeUsed,
}

// wantNeutral wants one neutral error and no other, with the provider's own
// still in the chain for the log.
func wantNeutral(t *testing.T, got, want, theirs error) {
	t.Helper()
	for _, neutral := range neutralErrors {
		if is := errors.Is(got, neutral); is != (neutral == want) {
			t.Errorf("got error %v: is it %q? %v, want %v", got, neutral, is, !is)
		}
	}
	if !errors.Is(got, theirs) {
		t.Errorf("got error %v, want %q in its chain", got, theirs)
	}
}

func TestAFaultOfTheProviderIsANeutralErrorOfEveryCall(t *testing.T) {
	faults := []struct {
		fault        simulator.Faults
		want, theirs error
	}{
		{simulator.Faults{API: simulator.APIError}, signin.ErrUnavailable, authy.ErrUnavailable},
		{simulator.Faults{API: simulator.APIRateLimit}, signin.ErrRateLimited, authy.ErrRateLimited},
		{simulator.Faults{API: simulator.APIGarbage}, signin.ErrUnavailable, authy.ErrUnavailable},
		{simulator.Faults{API: simulator.APIDrop}, signin.ErrUnavailable, authy.ErrUnavailable},
		{simulator.Faults{API: simulator.APIHang}, signin.ErrUnavailable, context.DeadlineExceeded},
		{simulator.Faults{APIDelayMS: 60000}, signin.ErrUnavailable, context.DeadlineExceeded},
	}
	spends := []string{"Send an SMS", "Send by call", "Check"} // Ask looks the phone up first
	for _, f := range faults {
		carriedOut := f.fault.API != simulator.APIError && f.fault.API != simulator.APIRateLimit
		for _, c := range calls {
			t.Run(cmp.Or(f.fault.API, "delay")+"/"+c.name, func(t *testing.T) {
				l := newLine(t)
				must(t, l.sim.Inject(0, f.fault))
				err := c.call(t.Context(), l)
				wantNeutral(t, err, f.want, f.theirs)
				if unknown := carriedOut && slices.Contains(spends, c.name); errors.Is(err, signin.ErrNoAnswer) != unknown {
					t.Errorf("got error %v; not known whether it was done: want %v", err, unknown)
				}
			})
		}
	}
}

func TestARefusalOfTheProviderIsANeutralError(t *testing.T) {
	tests := []struct {
		name         string
		call         func(*line) error
		want, theirs error
	}{
		{"asking a phone without the app", func(l *line) error {
			must(t, l.sim.InstallApp(t.Context(), l.id, false))
			_, err := l.Ask(t.Context(), l.ada, signin.Question{Kind: store.KindLogin})
			return err
		}, signin.ErrNoDevice, signin.ErrNoDevice},
		{"asking a phone that was removed", func(l *line) error {
			must(t, l.Forget(t.Context(), l.ada))
			_, err := l.Ask(t.Context(), l.ada, signin.Question{Kind: store.KindLogin})
			return err
		}, signin.ErrNoDevice, authy.ErrUserNotFound},
		{"a handle of another provider", func(l *line) error {
			_, err := l.Ask(t.Context(), "ada", signin.Question{Kind: store.KindLogin})
			return err
		}, signin.ErrNoDevice, signin.ErrNoDevice},
		{"a wrong code", func(l *line) error { return l.Check(t.Context(), l.ada, "0000000", "") }, signin.ErrWrongCode, authy.ErrInvalidToken},
		{"a code once more", func(l *line) error {
			token, err := l.sim.Token(l.id)
			must(t, err)
			must(t, l.Check(t.Context(), l.ada, token.Token, ""))
			return l.Check(t.Context(), l.ada, token.Token, "")
		}, store.ErrCodeUsed, authy.ErrTokenReused},
		{"a number that does not exist", func(l *line) error {
			_, err := l.Register(t.Context(), signin.Phone{Email: "bob@example.com", CountryCode: 1, Number: "12"})
			return err
		}, signin.ErrRefused, authy.ErrInvalidUser},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantNeutral(t, test.call(newLine(t)), test.want, test.theirs)
		})
	}
}

func TestARefusalNamesTheField(t *testing.T) {
	for _, test := range []struct {
		name  string
		phone signin.Phone
		want  signin.Refused
	}{
		{"number", signin.Phone{Email: "bob@example.com", CountryCode: 1, Number: "12"}, signin.Refused{Number: true}},
		{"e-mail", signin.Phone{Email: "bob", CountryCode: 1, Number: "2015550102"}, signin.Refused{Email: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := newLine(t).Register(t.Context(), test.phone)
			got, ok := errors.AsType[*signin.Refused](err)
			if !ok || got.Number != test.want.Number || got.Email != test.want.Email || got.Country != test.want.Country {
				t.Errorf("got %+v (%v), want %+v", got, err, test.want)
			}
		})
	}
}

func TestForgettingAPhoneTwiceIsNoError(t *testing.T) {
	l := newLine(t)
	must(t, l.Forget(t.Context(), l.ada))
	must(t, l.Forget(t.Context(), l.ada))
}
