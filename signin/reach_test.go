package signin_test

import (
	"testing"

	"nod/signin"
	"nod/store"
)

func TestCodesGoToOrdinaryNumbersOnly(t *testing.T) {
	for _, test := range []struct {
		what, number string
		sms, call    bool
	}{
		{"German mobile", "+4915112345678", true, true},
		{"German fixed line", "+493012345678", false, true},
		{"either, in the United States", "+12015550123", true, true},
		{"British premium", "+449012345678", false, false},
		{"American premium", "+19002345678", false, false},
		{"German premium", "+499001234567", false, false},
		{"British personal", "+447012345678", false, false},
		{"British VoIP", "+445612345678", false, false},
		{"Inmarsat", "+870773111632", false, false},
		{"Iridium", "+881612345678", false, false},
		{"international networks", "+882161234567", false, false},
		{"international networks", "+883510012345", false, false},
		{"free of charge", "+18002345678", false, false},
		{"shared cost", "+448431234567", false, false},
		{"nothing", "", false, false},
	} {
		for method, want := range map[store.Method]bool{store.MethodSMS: test.sms, store.MethodCall: test.call} {
			if got := signin.Reaches(test.number, method); got != want {
				t.Errorf("%s, %s by %s: got %v", test.what, test.number, method, got)
			}
		}
	}
}
