package simulator_test

import (
	"bytes"
	"fmt"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// expectedToken computes a token independently of the simulator.
func expectedToken(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	token, err := totp.GenerateCodeCustom(secret, at, totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	must(t, err)
	return token
}

func TestTheAppsToken(t *testing.T) {
	s := newAda(t)
	for _, test := range []struct {
		after time.Duration
		left  int
	}{{0, 10}, {time.Second, 9}, {8 * time.Second, 1}, {time.Second, 10}} {
		s.clock.Advance(test.after)
		var got struct {
			Token     string
			ExpiresIn int `json:"expires_in"`
		}
		s.get("/phones/100001/token").wantStatus(200).json(&got)
		if len(got.Token) != 7 || got.ExpiresIn != test.left {
			t.Errorf("got %+v, want 7 digits for %d s", got, test.left)
		}
	}
	token := s.token()
	s.verify(token).want(200, tokenValid+byApp)
	s.verify(token).want(401, tokenUsed)
	s.verify(otherCode(token)).want(401, tokenWrong)
	s.clock.Advance(10 * time.Second)
	if s.token() == token {
		t.Error("the token did not change")
	}
	s.verify(s.token()).wantStatus(200)
	s.verify(token).want(401, tokenUsed) // although the phone shows a new one
}

func TestEarlyAndLateTokens(t *testing.T) {
	for _, test := range []struct {
		after  time.Duration
		status int
	}{{-31 * time.Second, 401}, {-30 * time.Second, 200}, {39 * time.Second, 200}, {40 * time.Second, 401}} {
		t.Run(fmt.Sprint(test.after), func(t *testing.T) {
			s := newAda(t)
			token := s.token() // its period begins now
			s.clock.Advance(test.after)
			s.verify(token).wantStatus(test.status)
		})
	}
}

func TestTokensOfAPhoneWithoutTheApp(t *testing.T) {
	s := newAda(t)
	token := s.token()
	s.removeApp()
	s.get("/phones/100001/token").want(409, `{"error":"the app is not installed on this phone"}`+"\n")
	s.verify(token).want(401, tokenWrong)
	s.post("/phones/100001", `{"app_installed":true}`).wantStatus(200)
	s.verify(s.token()).want(200, tokenValid+byApp)
}

// An offline phone does not know the action, so its tokens are valid for any.
func TestTokensAreValidForAnyAction(t *testing.T) {
	s := newAda(t)
	s.call("GET", "/protected/json/verify/"+s.token()+"/100001?force=true&action=transfer", "").wantStatus(200)
}

func TestTheGenericAuthenticator(t *testing.T) {
	s := newAda(t)
	s.get("/phones/100001/token?kind=generic").want(409, `{"error":"no generic authenticator was set up"}`+"\n")
	var made struct {
		Label, Issuer string
		QR            string `json:"qr_code"`
		Success       bool
	}
	got := s.call("POST", "/protected/json/users/100001/secret", "label=ada+(Nod)&qr_size=200").wantStatus(200)
	got.json(&made)
	if made.Label != "ada (Nod)" || made.Issuer != "Nod" || !made.Success || !strings.HasPrefix(made.QR, s.url+"/qr/") {
		t.Fatalf("got %s", got.body)
	}
	exported := s.call("GET", "/protected/json/users/100001/secret/export", "").wantStatus(200)
	var secret struct{ Secret, OTP string }
	exported.json(&secret)
	if strings.Contains(got.body, secret.Secret) {
		t.Error("the reply contains the secret")
	}
	if want := expectedToken(t, secret.Secret, s.clock.Now()); secret.OTP != want {
		t.Errorf("got %s, want %s", secret.OTP, want)
	}
	s.get("/phones/100001/token?kind=generic").want(200, `{"token":"`+secret.OTP+`","expires_in":30}`+"\n")

	path, _ := strings.CutPrefix(made.QR, s.url)
	qr := s.get(path).wantStatus(200)
	image, err := png.Decode(bytes.NewReader([]byte(qr.body)))
	must(t, err)
	if size := image.Bounds().Size(); size.X != 200 || size.Y != 200 || qr.header.Get("Content-Type") != "image/png" {
		t.Errorf("got %v %v", size, qr.header)
	}
	if u, err := url.Parse(made.QR); err != nil || len(u.Path) < len("/qr/")+26 {
		t.Errorf("%s is guessable", made.QR)
	}

	s.verify(secret.OTP).wantStatus(200)
	s.verify(secret.OTP).want(401, tokenUsed)
	s.clock.Advance(89 * time.Second)
	s.verify(expectedToken(t, secret.Secret, s.clock.Now().Add(-30*time.Second))).wantStatus(200)
	s.verify(expectedToken(t, secret.Secret, s.clock.Now().Add(-60*time.Second))).wantStatus(401)
	s.removeApp() // the generic authenticator is another app
	s.verify(expectedToken(t, secret.Secret, s.clock.Now())).wantStatus(200)
}

func TestANewSecretReplacesTheOld(t *testing.T) {
	s := newAda(t)
	var first, second struct {
		QR string `json:"qr_code"`
	}
	s.call("POST", "/protected/json/users/100001/secret", "").wantStatus(200).json(&first)
	var old struct{ Token string }
	s.get("/phones/100001/token?kind=generic").json(&old)
	s.call("POST", "/protected/json/users/100001/secret", "").wantStatus(200).json(&second)
	s.verify(old.Token).want(401, tokenWrong)
	s.get(strings.TrimPrefix(first.QR, s.url)).wantStatus(404)
	s.get(strings.TrimPrefix(second.QR, s.url)).wantStatus(200)
}

func TestInvalidQRCodes(t *testing.T) {
	s := newAda(t)
	for _, size := range []string{"59", "1001", "-1", "big"} {
		s.call("POST", "/protected/json/users/100001/secret", "qr_size="+size).
			wantStatus(400).wantIn(`"error_code":"60004"`, "qr_size")
	}
	long := "&label=" + strings.Repeat("%E2%98%95", 1000)
	s.call("POST", "/protected/json/users/100001/secret", "qr_size=60"+long).
		want(400, `{"message":"QR code generation failed","success":false,"errors":{"message":"QR code generation failed"},"error_code":"60122"}`)
	s.get("/phones/100001/token?kind=generic").wantStatus(409) // and no secret was created
	s.call("POST", "/protected/json/users/100001/secret", "qr_size=300"+long).wantStatus(200).
		wantIn(`"label":"` + strings.Repeat("☕", 100) + `"`)
	s.get("/qr/nothing.png").wantStatus(404)
}

func TestExports(t *testing.T) {
	s := newAda(t)
	s.call("GET", "/protected/json/users/100001/phone_number", "").
		want(200, `{"phone_number":"317-338-9302","country_code":"57","e164":"+573173389302","updated_at":"2026-11-24T19:00:00Z","success":true}`)
	var first, second struct{ Secret string }
	s.call("GET", "/protected/json/users/100001/secret/export", "").wantStatus(200).json(&first)
	s.call("GET", "/protected/json/users/100001/secret/export", "").wantStatus(200).json(&second)
	if first != second || first.Secret == "" {
		t.Errorf("got %v, then %v", first, second)
	}
}
