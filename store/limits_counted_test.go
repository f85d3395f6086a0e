package store_test

import (
	"context"
	"slices"
	"testing"

	"nod/store"
)

// acts does once what limits count, from a browser.
var acts = map[store.Action]func(ctx context.Context, w *world, ada store.User, c store.Client) error{
	store.ActPassword: func(ctx context.Context, w *world, ada store.User, c store.Client) error {
		return err2(w.store.SpendPasswordTry(ctx, ada.Email, c))
	},
	store.ActProof: func(ctx context.Context, w *world, ada store.User, c store.Client) error {
		c.Proof = "123456"
		return err2(w.store.SpendPasswordTry(ctx, ada.Email, c))
	},
	store.ActPasskey: func(ctx context.Context, w *world, ada store.User, c store.Client) error {
		return err2(w.store.SpendPasskeyTry(ctx, w.own(ada, "Phone").Credential, "a", c))
	},
	store.ActSignIn: func(ctx context.Context, w *world, ada store.User, c store.Client) error {
		return err2(w.store.StartSession(ctx, ada.ID, "", c))
	},
	store.ActSignUp: func(ctx context.Context, w *world, _ store.User, c store.Client) error {
		return w.store.SpendSignUp(ctx, "+12015550199", c)
	},
	store.ActPush: func(_ context.Context, w *world, ada store.User, c store.Client) error {
		w.request(ada, c)
		return nil
	},
	store.ActTakeOver: func(_ context.Context, w *world, ada store.User, c store.Client) error {
		w.request(ada, c)
		w.request(ada, c)
		return nil
	},
	store.ActCodeSent: inAttempt(func(ctx context.Context, w *world, id string, _ store.Client) error {
		return err2(w.store.AllowCodeSend(ctx, id, "sms", "US"))
	}),
	store.ActCodeTry: inAttempt(func(ctx context.Context, w *world, id string, _ store.Client) error {
		return err2(w.store.SpendCodeTry(ctx, id))
	}),
	store.ActAsked: inAttempt(func(ctx context.Context, w *world, id string, _ store.Client) error {
		return w.store.SpendAskedTry(ctx, id)
	}),
	store.ActRecovery: inAttempt(func(ctx context.Context, w *world, id string, c store.Client) error {
		_, err := w.store.ConfirmByRecoveryCode(ctx, id, "wrong", c)
		wantErr(w.t, "a wrong recovery code", err, store.ErrWrongCode)
		return nil
	}),
	store.ActForgot: func(ctx context.Context, w *world, ada store.User, c store.Client) error {
		_, _, err := w.store.StartReset(ctx, ada.Email, "wrong", "", c)
		wantErr(w.t, "a wrong recovery code", err, store.ErrInvalidCredentials)
		return nil
	},
	store.ActCorrection: func(_ context.Context, w *world, _ store.User, _ store.Client) error {
		return err2(w.correct(w.start(w.user("bob@example.com")), 1))
	},
	store.ActNewPhone: func(_ context.Context, w *world, ada store.User, _ store.Client) error {
		w.changing(w.signIn(ada), "")
		return nil
	},
	store.ActPhoneCode: func(_ context.Context, w *world, ada store.User, _ store.Client) error {
		w.phoneCode(ada)
		return nil
	},
	store.ActEnrol: func(ctx context.Context, w *world, _ store.User, c store.Client) error {
		_, err := w.store.BeginEnrolment(ctx, "00000000", c)
		wantErr(w.t, "a wrong code", err, store.ErrWrongCode)
		return nil
	},
}

// inAttempt is an act in a sign-in that waits for its second step.
func inAttempt(do func(ctx context.Context, w *world, id string, c store.Client) error) func(context.Context, *world, store.User, store.Client) error {
	return func(ctx context.Context, w *world, ada store.User, c store.Client) error {
		sess, err := w.store.StartSession(ctx, ada.ID, "", c)
		must(w.t, err)
		return do(ctx, w, sess.ID, c)
	}
}

// Whoever counts an act says of it all that its rows count by, and who is a newcomer
// there: else a row of the table would bind nobody.
func TestEveryActIsCountedByItsRows(t *testing.T) {
	for _, l := range (store.Options{}).Limits() {
		if acts[l.Action] == nil {
			t.Errorf("nobody is seen to count %q: add it here", l.Action)
		}
	}
	for action, do := range acts {
		for _, who := range []store.Who{store.Strangers, store.Known} {
			t.Run(string(action+" ")+string(who), func(t *testing.T) {
				w := newWorld(t)
				ada := w.user("ada@example.com")
				c := w.know(ada)
				if c.IP = "2001:db8:1:2::3"; who == store.Strangers {
					c.Device = ""
				}
				w.store.SetLimits((store.Options{}).Limits())
				must(t, do(t.Context(), w, ada, c))
				w.wantCounted(action, who)
			})
		}
	}
}

func (w *world) wantCounted(action store.Action, who store.Who) {
	w.t.Helper()
	for _, l := range (store.Options{}).Limits() {
		if l.Action != action || l.Who != store.Everybody && l.Who != who {
			continue
		}
		for _, per := range l.Scopes() {
			want := !(per == store.PerVisitor && slices.Contains(ofNobody, action))
			key := string(action) + "|" + string(per) + "|" + string(l.Who) + "|%"
			if got := w.number(`SELECT COUNT(*) FROM usage WHERE key LIKE ?`, key) > 0; got != want {
				w.t.Errorf("%s: counted by %s is %t, want %t", l.Name, per, got, want)
			}
		}
	}
}
