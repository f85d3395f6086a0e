package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

func TestMistypedNamesAreReported(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".env")
	must(t, os.WriteFile(file, []byte("APPROVAL_TLL=30s\nTRUSTED_PROXY=10.0.0.0/8\nADDR=:1\nPOSTGRES_PASSWORD=hush\n"), 0o600))
	got := strings.Join(Unknown(file, []string{
		"ADRR=:2", "AUTHY_API_KEYS=hush", "public_url=x", "NOD_ADDR=x", "SIMULATOR_WEBHOOK=1", "SESSION_IDEL=1h",
		"ADDR=:1", "HOME=/", "PATH=/", "USER=a", "SESSION_MANAGER=x", "DATABASE=x", "LANG=C", "TERM=x", "NOD_TEST_ALL=1", "DB_ADDRESS=x",
	}), "\n")
	want := strings.Join([]string{
		file + ": APPROVAL_TLL is no setting; do you mean APPROVAL_TTL?",
		file + ": POSTGRES_PASSWORD is no setting",
		file + ": TRUSTED_PROXY is no setting; do you mean TRUSTED_PROXIES?",
		"environment: ADRR is no setting; do you mean ADDR?",
		"environment: AUTHY_API_KEYS is no setting; do you mean AUTHY_API_KEY?",
		"environment: NOD_ADDR is no setting",
		"environment: SESSION_IDEL is no setting; do you mean SESSION_IDLE?",
		"environment: SIMULATOR_WEBHOOK is no setting",
		"environment: public_url is no setting; do you mean PUBLIC_URL?",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Unknown(filepath.Join(t.TempDir(), ".env"), nil); len(got) != 0 {
		t.Errorf("without a file: got %q", got)
	}
}

// As editors of Windows save a file.
func TestFilesInOtherEncodings(t *testing.T) {
	const text = "APPROVAL_TTL=30s\r\n# für später\r\n"
	utf16le, utf16be := "", ""
	for _, unit := range utf16.Encode([]rune(text)) {
		utf16le += string([]byte{byte(unit), byte(unit >> 8)})
		utf16be += string([]byte{byte(unit >> 8), byte(unit)})
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"UTF-8": text, "UTF-8 with a mark": "\xef\xbb\xbf" + text,
		"UTF-16 LE with a mark": "\xff\xfe" + utf16le, "UTF-16 BE with a mark": "\xfe\xff" + utf16be,
		"UTF-16 LE": utf16le, "UTF-16 BE": utf16be,
	} {
		file := filepath.Join(dir, ".env")
		must(t, os.WriteFile(file, []byte(content), 0o600))
		getenv, err := WithDotEnv(file, environment())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := Application(getenv)
		if err != nil || got.ApprovalTTL != 30*time.Second {
			t.Errorf("%s: got %v, %v", name, got.ApprovalTTL, err)
		}
	}
	for name, content := range map[string]string{"Latin-1": "ADDR=:1\n# f\xfcr\n", "zeros": "ADDR=:1\n\x00"} {
		file := filepath.Join(dir, ".env")
		must(t, os.WriteFile(file, []byte(content), 0o600))
		if _, err := WithDotEnv(file, environment()); err == nil || !strings.Contains(err.Error(), "not text in UTF-8") {
			t.Errorf("%s: got %v, want a word about the encoding", name, err)
		}
	}
	key := filepath.Join(dir, "key")
	must(t, os.WriteFile(key, []byte("\xef\xbb\xbfk3y\r\n"), 0o600))
	if got, err := Application(environment("AUTHY_API_KEY_FILE", key)); err != nil || got.APIKey != "k3y" {
		t.Errorf("a key with a mark: %v", err)
	}
}
