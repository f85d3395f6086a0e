package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// A phone scans the QR code of somebody else's and shows its codes, by its own clock
// and over a restart, without the service taking them.
func TestAPhoneScansAnAppsQRCode(t *testing.T) {
	s := newSim(t)
	id := s.user("ada@example.com")
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	path := fmt.Sprintf("/phones/%d/apps", id)
	var got []struct {
		Name, Token string
		ExpiresIn   int `json:"expires_in"`
	}
	s.post(path, `{"scan":"otpauth://totp/Nod:ada@example.com?secret=`+secret+`&issuer=Nod"}`).wantStatus(200)
	s.post(path, `{"scan":"otpauth://totp/Old?secret=JBSWY3DPEHPK3PXP&issuer=Old"}`).wantStatus(200)
	s.post(path, `{"scan":"jbsw-y3dp ehpk-3pxp jbsw-y3dp-eh"}`).wantStatus(200).json(&got)
	if len(got) != 3 || got[0].Name != "Nod (ada@example.com)" || got[1].Name != "Old (Old)" || got[2].Name != "Added by hand" {
		t.Fatalf("got %+v", got)
	}
	want, err := totp.GenerateCode(secret, s.clock.Now())
	must(t, err)
	if got[0].Token != want || got[0].ExpiresIn < 1 || got[0].ExpiresIn > 30 {
		t.Errorf("got %+v, want %s", got[0], want)
	}
	s.call("GET", fmt.Sprintf("/protected/json/verify/%s/%d?force=true", want, id), "").wantStatus(401)
	s.clock.Advance(30 * time.Second)
	before := want
	s.get(path).wantStatus(200).json(&got)
	if got[0].Token == before {
		t.Error("the code stays the same")
	}
	for scan, says := range map[string]string{
		"":                   "base32",
		"not base32!":        "base32",
		"otpauth://hotp/Nod": "otpauth://totp/",
		"otpauth://totp/Nod:a?secret=" + secret + "&digits=8": "six digits",
		strings.Repeat("A", 1001):                             "at most 1000",
		"rubbish":                                             "too short for a secret: that has at least 26",
		strings.Repeat("A", 24):                               "too short",
	} {
		if r := s.post(path, fmt.Sprintf(`{"scan":%q}`, scan)).wantStatus(400); !strings.Contains(r.body, says) {
			t.Errorf("%q: got %s, want %q", scan, r.body, says)
		}
	}
	s.post("/phones/4711/apps", `{"scan":"`+secret+`"}`).wantStatus(404)
}

// The app holds so many entries and no more; one that is scanned anew takes its own place.
func TestAnAppHoldsTwentyEntries(t *testing.T) {
	s := newAda(t)
	scan := func(name string) reply {
		return s.post("/phones/100001/apps", `{"scan":"otpauth://totp/`+name+`?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}`)
	}
	for i := range 20 {
		scan(fmt.Sprint("account", i)).wantStatus(200)
	}
	scan("one-more").wantStatus(409).wantIn("20 entries already")
	scan("account7").wantStatus(200)
}
