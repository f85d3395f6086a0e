package server

import (
	"strings"
	"testing"
)

// Where other devices can reach the phones, an address is said that they can open.
func TestOtherDevicesAreToldWhereThePhonesAre(t *testing.T) {
	for _, everywhere := range []bool{false, true} {
		var out strings.Builder
		s := &site{phonesURL: "http://localhost:3001", phonesEverywhere: everywhere}
		s.announcePhones(&out, "The phones are at")
		if said := strings.Contains(out.String(), "Other devices in this network open "+networkURL(s.phonesURL)); said != everywhere {
			t.Errorf("on all addresses %v: got %q", everywhere, out.String())
		}
	}
}
