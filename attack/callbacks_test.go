package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nod/authy"
)

// What somebody could do who has signed answers, or the key itself.

// answered is a sign-in whose request is answered by callbacks of the test.
type answered struct {
	*attempt
	key     string
	p       person
	b       *browser // waits
	uuid    string
	outside *browser
}

// withKey sets the stage: a person waits, and the test can sign what it likes.
func withKey(t *testing.T, body func(*lab, *answered)) {
	t.Helper()
	t.Parallel()
	l := newLab(t)
	l.try(func(a *attempt) {
		s := &answered{attempt: a, key: l.key(), p: a.account(), b: a.elsewhere().browser(), outside: a.browser()}
		s.p.waits(s.b).close()
		s.uuid = s.p.phone.pending().UUID
		body(l, s)
	})
}

// says is an answer to the request that is waited for.
func (s *answered) says(status string) string { return answerTo(s.p.phone.id, s.uuid, status) }

// headers sign a body at a time.
func (s *answered) headers(body string, at time.Time) []string {
	nonce := fmt.Sprint(at.Unix())
	signature, err := authy.SignCallback(s.key, http.MethodPost, s.origin.String()+callbackPath, nonce, []byte(body))
	must(err)
	return []string{"Content-Type", "application/json", "X-Authy-Signature", signature, "X-Authy-Signature-Nonce", nonce}
}

// send sends a body with headers that sign it, or another one.
func (s *answered) send(body string, headers []string) int {
	from := s.outside.twin()
	defer from.http.CloseIdleConnections() // or a thousand of them are cut for one another
	got, err := from.do(s.outside.request(http.MethodPost, callbackPath, body, headers...))
	must(err)
	return got.status
}

func (s *answered) deliver(body string) int { return s.send(body, s.headers(body, time.Now())) }

// state is what the waiting page would be told.
func (s *answered) state() string {
	_, after, _ := strings.Cut(s.b.get("/authy/status").body, `"status":"`)
	state, _, _ := strings.Cut(after, `"`)
	return state
}

func (s *answered) want(state, after string) {
	if got := s.state(); got != state {
		s.through("after %s the request is %s, not %s", after, got, state)
	}
}

func TestA11(t *testing.T) {
	withKey(t, func(l *lab, s *answered) {
		body := s.says("approved")
		headers := s.headers(body, time.Now())
		need(s.send(body, headers) == http.StatusOK, "the answer was refused")
		s.want("approved", "the answer")
		events := l.number("nod.db", "SELECT count(*) FROM events")
		parallel(100, func(int) int { return s.send(body, headers) })
		if grown := l.number("nod.db", "SELECT count(*) FROM events") - events; grown != 0 {
			s.through("100 repeats left %d lines in the audit trail", grown)
		}
		s.b.through()
		// The person signs in again; the old answer must not decide that.
		s.p.gives(s.b)
		s.send(body, headers)
		s.want("pending", "a replay")
		l.clock.advance(time.Hour)
		if got := s.send(body, headers); got != http.StatusUnauthorized {
			s.through("an hour later: status %d", got)
		}
		s.refusedBy("a repeat changes nothing, and an old nonce is refused")
	})
}

func TestA12(t *testing.T) {
	withKey(t, func(_ *lab, s *answered) {
		denied := s.says("denied")
		headers := s.headers(denied, time.Now())
		for _, altered := range []string{
			strings.Replace(denied, "denied", "approved", 1),
			strings.Replace(denied, s.uuid, "11111111-2222-3333-4444-555555555555", 1),
			strings.Replace(denied, fmt.Sprint(s.p.phone.id), fmt.Sprint(s.p.phone.id+1), 1),
			strings.Replace(denied, "{}", `{"approval_id":"x"}`, 1),
			strings.Replace(denied, "{", `{"added":"x",`, 1),
		} {
			if got := s.send(altered, headers); got != http.StatusUnauthorized {
				s.through("status %d for %s", got, altered)
			}
		}
		s.want("pending", "altered answers")
		// Order, blanks and escapes are no part of what is signed: they must not
		// change the decision either.
		same := "{ " + `"uuid" : "` + s.uuid + `",` + "\n" + strings.Replace(strings.Replace(denied[1:], `"uuid":"`+s.uuid+`",`, "", 1), "denied", `den\u0069ed`, 1)
		if got := s.send(same, headers); got != http.StatusOK {
			s.through("status %d for the same answer in another spelling", got)
		}
		s.want("denied", "the same answer in another spelling")
		s.refusedBy("401 for another value, the same decision for another spelling")
	})
}

func TestA12b(t *testing.T) {
	withKey(t, func(_ *lab, s *answered) {
		good := s.says("approved")
		for _, body := range []string{
			strings.Replace(good, `"approved"`, `true`, 1),
			strings.Replace(good, `"approved"`, `["approved"]`, 1),
			strings.Replace(good, `"approved"`, `{"a":"approved"}`, 1),
			strings.Replace(good, `"status"`, `"status[a]"`, 1),
			strings.Replace(good, `"approved"`, `null`, 1),
			strings.Replace(good, `"approved"`, `""`, 1),
			strings.Replace(good, `"`+s.uuid+`"`, `{"`+s.uuid+`":null}`, 1),
		} {
			if got := s.deliver(body); got != http.StatusBadRequest {
				s.through("status %d for %s", got, body)
			}
		}
		s.want("pending", "answers of other types")
		s.refusedBy("400: what decides must be a text")
	})
}

func TestA15(t *testing.T) {
	late := map[string]func(*lab, *answered){
		"the deadline": func(l *lab, _ *answered) { l.clock.advance(130 * time.Second) },
		"a cancel":     func(_ *lab, s *answered) { s.b.post("/login/cancel") },
		"a sign-out":   func(_ *lab, s *answered) { s.b.post("/logout") },
		"a code": func(_ *lab, s *answered) {
			s.b.post("/verify-token", "token", s.p.phone.appCode())
			s.b.post("/logout")
		},
	}
	for name, happens := range late {
		t.Run(name, func(t *testing.T) {
			withKey(t, func(l *lab, s *answered) {
				before := s.b.twin()
				happens(l, s)
				body := s.says("approved")
				s.send(body, s.headers(body, l.clock.Now()))
				for _, b := range []*browser{before, s.b} {
					if b.post("/confirm-login"); b.inside() {
						s.through("an answer after %s let somebody in", name)
					}
				}
				s.refusedBy("what has ended stays ended")
			})
		})
	}
}

func TestA16ByCallback(t *testing.T) {
	withKey(t, func(_ *lab, s *answered) {
		for n, status := range []string{"denied", "approved", "denied", "approved"} {
			if got := s.deliver(s.says(status)); got != http.StatusOK {
				s.through("answer %d: status %d", n+1, got)
			}
			s.want("denied", status)
		}
		if s.b.post("/confirm-login"); s.b.inside() {
			s.through("a denied request was approved")
		}
		s.refusedBy("the first answer stands")
	})
}

func TestA18(t *testing.T) {
	withKey(t, func(l *lab, s *answered) {
		const unknown = 1000
		rows := func() (n int) {
			for _, table := range []string{"approvals", "events", "receipts"} {
				if l.number("nod.db", "SELECT count(*) FROM sqlite_master WHERE name = ?", table) > 0 {
					n += l.number("nod.db", "SELECT count(*) FROM "+table)
				}
			}
			return n
		}
		before := rows()
		parallel(10, func(n int) int {
			for m := range unknown / 10 {
				s.deliver(answerTo(s.p.phone.id, fmt.Sprintf("11111111-2222-3333-4444-%012d", n*1000+m), "approved"))
			}
			return 0
		})
		if grown := rows() - before; grown != 0 {
			s.through("%d unknown answers left %d rows", unknown, grown)
		}
		s.want("pending", "answers to other requests")
		s.refusedBy("no row is made for a request that nobody knows")
	})
}

// Each body would be the signed one to a reader that is less strict.
func TestA19(t *testing.T) {
	withKey(t, func(_ *lab, s *answered) {
		good := s.says("approved")
		headers := s.headers(good, time.Now())
		for name, body := range map[string]string{
			"a key twice":        `{"status":"denied",` + good[1:],
			"a nested key twice": strings.Replace(good, `"hidden_details":{}`, `"hidden_details":{"a":"b"},"hidden_details":{}`, 1),
			"another case":       strings.Replace(good, `"status"`, `"STATUS"`, 1),
			"a long s":           strings.Replace(good, `"status"`, `"`+"\u017f"+`tatus"`, 1),
			"more behind":        good + "{}",
			"a byte order mark":  "\ufeff" + good,
			"a comment":          good[:1] + "/* */" + good[1:],
			"a comma too many":   good[:len(good)-1] + ",}",
			"single quotes":      strings.ReplaceAll(good, `"`, "'"),
			"an array around":    "[" + good + "]",
			"no UTF-8":           strings.Replace(good, "approved", "approved\xff", 1),
			"half a character":   strings.Replace(good, "approved", `approved\ud800`, 1),
			"not a number":       strings.Replace(good, fmt.Sprint(s.p.phone.id), "NaN", 1),
			"a number too large": strings.Replace(good, fmt.Sprint(s.p.phone.id), "1e999", 1),
			"20 digits":          strings.Replace(good, fmt.Sprint(s.p.phone.id), "18446744073709551617", 1),
			"a million arrays":   strings.Repeat("[", 30_000),
			"nothing":            "",
			"null":               "null",
			"a text":             `"approved"`,
		} {
			if got := s.send(body, headers); got != http.StatusUnauthorized && got != http.StatusBadRequest {
				s.through("%s: status %d", name, got)
			}
			s.want("pending", name)
		}
		s.refusedBy("JSON is read strictly, or not at all")
	})
}

// Time cannot be measured through HTTP on a busy machine; a comparison that stops
// at the first difference can be seen in the source.
func TestA1D(t *testing.T) {
	files, err := filepath.Glob("../authy/callback*.go")
	wantNil(t, err)
	careless := regexp.MustCompile(`bytes\.Equal|subtle\.|signature ==|Signature ==|== mac\(|bytes\.Compare`)
	constant := false
	for _, file := range files {
		source, err := os.ReadFile(file)
		wantNil(t, err)
		constant = constant || strings.Contains(string(source), "hmac.Equal(given, mac(")
		if found := careless.Find(source); found != nil {
			t.Errorf("%s compares signatures by %s", file, found)
		}
	}
	if !constant {
		t.Error("signatures are not compared by hmac.Equal")
	}
}
