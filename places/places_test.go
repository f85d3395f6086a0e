package places_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nod/places"
	"nod/tools/mmdb"
)

func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "places.mmdb")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPlace(t *testing.T) {
	f, err := places.Open(write(t, mmdb.Write("GeoLite2-City", map[string]mmdb.Place{
		"198.51.100.0/24":  {City: "Bogotá", Country: "Colombia"},
		"203.0.113.0/25":   {Country: "Colombia"},
		"203.0.113.128/25": {City: "Singapore", Country: "Singapore"},
		"192.0.2.7/32":     {},
		"192.0.2.8/32":     {City: "Night\x1b[31m\ncity\u200b", Country: strings.Repeat("long ", 40)},
		"2001:db8:1::/48":  {City: "Zürich", Country: "Switzerland"},
		// What a file says of addresses that are nobody's counts for nothing.
		"10.0.0.0/8": {City: "Nowhere"}, "127.0.0.0/8": {City: "Nowhere"}, "100.64.0.0/10": {City: "Nowhere"},
		"169.254.0.0/16": {City: "Nowhere"}, "fd00::/8": {City: "Nowhere"}, "fe80::/10": {City: "Nowhere"},
	})))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"198.51.100.9": "Bogotá, Colombia", "::ffff:198.51.100.9": "Bogotá, Colombia",
		"203.0.113.9": "Colombia", "203.0.113.200": "Singapore", "2001:db8:1::9": "Zürich, Switzerland",
		"192.0.2.7": "", "192.0.2.9": "", "2001:db8:2::9": "", "unknown": "", "": "",
		"192.0.2.8": "Night[31mcity, " + strings.Repeat("long ", 16),
		"10.1.2.3":  "", "127.0.0.1": "", "100.64.0.1": "", "169.254.1.1": "", "fd00::1": "", "fe80::1%eth0": "", "::1": "",
	} {
		if got := f.Place(address); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}

// A file of one's own may be cut off, of another kind, or missing.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	good := mmdb.Write("GeoLite2-City", map[string]mmdb.Place{"198.51.100.0/24": {City: "Bogotá"}})
	for name, test := range map[string]struct{ path, want string }{
		"no file":      {filepath.Join(t.TempDir(), "none.mmdb"), "no such file"},
		"a folder":     {t.TempDir(), "is a directory"},
		"another kind": {write(t, mmdb.Write("GeoLite2-ASN", nil)), `holds "GeoLite2-ASN" and no places`},
		"not one":      {write(t, []byte("<html>404</html>")), "is not a file in MaxMind's format"},
		"cut off":      {write(t, good[:len(good)/2]), "is not a file in MaxMind's format"},
		"empty":        {write(t, nil), "is not a file in MaxMind's format"},
	} {
		if _, err := places.Open(test.path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// A place whose data is damaged is none; nothing breaks.
func TestADamagedPlaceIsNone(t *testing.T) {
	good := mmdb.Write("GeoLite2-City", map[string]mmdb.Place{"198.51.100.0/24": {City: "Bogotá", Country: "Colombia"}})
	for i := range len(good) {
		bad := append([]byte{}, good...)
		bad[i] ^= 0xff
		if f, err := places.Open(write(t, bad)); err == nil {
			f.Place("198.51.100.9")
		}
	}
}
