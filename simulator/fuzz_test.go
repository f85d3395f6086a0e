package simulator_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"nod/simulator"
)

// FuzzBody sends any body as each kind of parameters: the API answers with what
// is wrong, and never with a failure of its own.
func FuzzBody(f *testing.F) {
	for kind, body := range map[string]string{
		"application/json":                  `{"user":{"email":"a@b.c","cellphone":"2015550123","country_code":1}}`,
		"application/x-www-form-urlencoded": "user[email]=a%40b.c&user[cellphone]=2015550123&user[country_code]=1&a[b][c][]=d&a[999999999]=e&%zz",
		"multipart/form-data; boundary=x":   "--x\r\nContent-Disposition: form-data; name=\"user[email]\"\r\n\r\na@b.c\r\n--x--\r\n",
		"application/xml":                   "<user><email>a@b.c</email><cellphone>2015550123</cellphone></user>",
		"":                                  "message=Sign+in&details[a]=b&logos[][res]=default&seconds_to_expire=1e9",
	} {
		f.Add(kind, []byte(body))
		f.Add(kind, []byte("{"))
	}
	s, err := simulator.New(simulator.Config{APIKey: testKey, Path: filepath.Join(f.TempDir(), "simulator.db"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close(context.Background()) })
	handler := s.Handler()
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		for _, path := range []string{"/protected/json/users/new", "/onetouch/json/users/1/approval_requests", "/protected/json/phones/verification/start"} {
			req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
			req.Header.Set("Content-Type", kind)
			req.Header.Set("X-Authy-API-Key", testKey)
			res := httptest.NewRecorder()
			handler.ServeHTTP(res, req)
			if got, _ := io.ReadAll(res.Body); res.Code >= 500 {
				t.Errorf("%s, %q: status %d, %s", path, kind, res.Code, got)
			}
		}
	})
}
