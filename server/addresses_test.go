package server

import "testing"

func TestCompanionFilesLieBesideTheDatabase(t *testing.T) {
	for _, c := range []struct{ database, want string }{
		{"nod.db", "nod-sessions.db"},
		{"/var/lib/nod.d/app", "/var/lib/nod.d/app-sessions"},
	} {
		if got := beside(c.database, "sessions"); got != c.want {
			t.Errorf("beside(%q): got %q, want %q", c.database, got, c.want)
		}
	}
}
