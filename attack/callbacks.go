package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"nod/authy"
)

// What the provider did not sign.
var callbackAttacks = []attack{
	{"A-10", "answer a request oneself, without the provider's key", forgedAnswers},
	{"A-1A", "send a callback as something other than JSON", otherTypes},
	{"A-1B", "send a callback by other methods", otherMethods},
	{"A-1C", "send callbacks that are too large or packed", largeCallbacks},
	{"A-1E", "flood the callback with forgeries while people sign in", aFloodOfForgeries},
}

const callbackPath = "/authy/callback"

// answerTo is the body of an answer as the provider writes it.
func answerTo(id int64, uuid, status string) string {
	return fmt.Sprintf(`{"authy_id":%d,"uuid":%q,"status":%q,"callback_action":"approval_request_status",`+
		`"approval_request":{"transaction":{"hidden_details":{}}}}`, id, uuid, status)
}

// signed is a callback signed with a key; headers win over its own.
func (b *browser) signed(key, body string, headers ...string) page {
	nonce := fmt.Sprint(time.Now().Unix())
	signature, err := authy.SignCallback(key, http.MethodPost, b.s.origin.String()+callbackPath, nonce, []byte(body))
	must(err)
	headers = append([]string{"Content-Type", "application/json", "X-Authy-Signature", signature, "X-Authy-Signature-Nonce", nonce}, headers...)
	got, err := b.do(b.request(http.MethodPost, callbackPath, body, headers...))
	must(err)
	return got
}

// stillPending ends the attempt if a forgery has decided what b waits for.
func (a *attempt) stillPending(b *browser, how string) {
	if state := b.get("/authy/status").body; !strings.Contains(state, `"pending"`) {
		a.through("%s decided the request: %s", how, state)
	}
}

func forgedAnswers(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	body := answerTo(p.phone.id, p.phone.pending().UUID, "approved")
	outsider := a.browser()
	const key = "a-key-of-the-attacker"
	tried := 0
	for _, headers := range [][]string{
		{},
		{"X-Authy-Signature", ""},
		{"X-Authy-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
		{"X-Authy-Signature", strings.Repeat("0", 64)},
		{"X-Authy-Signature", strings.Repeat("A", 8<<10-600)},
		{"X-Authy-Signature-Nonce", ""},
		{"X-Authy-Signature-Nonce", "a|b"},
		{"X-Authy-Signature-Nonce", "\u00e9"},
		{"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https"},
		{"Host", "evil.example"},
	} {
		tried++
		got := outsider.signed(key, body, headers...)
		if got.status < 400 || len(got.body) > 200 {
			a.through("status %d and %d bytes for a forgery with %q", got.status, len(got.body), headers)
		}
	}
	a.stillPending(b, "a forgery")
	a.tried("%d forgeries of one answer", tried)
	a.refusedBy("401 without a detail, and the request stays pending")
}

func otherTypes(a *attempt) {
	outsider := a.browser()
	types := []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application/json; charset=utf-16"}
	for _, kind := range types {
		if got := outsider.signed("key", `{"status":"approved"}`, "Content-Type", kind); got.status != http.StatusUnsupportedMediaType {
			a.through("type %q: status %d", kind, got.status)
		}
	}
	a.tried("%d content types", len(types))
	a.refusedBy("415")
}

func otherMethods(a *attempt) {
	outsider := a.browser()
	query := "?" + "authy_id=1&uuid=2&status=approved&callback_action=approval_request_status"
	for method, want := range map[string]int{
		http.MethodGet: http.StatusUnauthorized, http.MethodHead: http.StatusMethodNotAllowed, http.MethodPut: http.StatusMethodNotAllowed,
		http.MethodDelete: http.StatusMethodNotAllowed, http.MethodPatch: http.StatusMethodNotAllowed, "BREW": http.StatusNotImplemented,
	} {
		got, err := outsider.do(outsider.request(method, callbackPath+query, ""))
		must(err)
		if got.status < 400 || (method != http.MethodHead && got.status != want) {
			a.through("%s: status %d, want %d", method, got.status, want)
		}
	}
	a.tried("GET unsigned, HEAD, PUT, DELETE, PATCH, and a method that does not exist")
	a.refusedBy("401, 405 and 501")
}

func largeCallbacks(a *attempt) {
	outsider := a.browser()
	large := `{"status":"` + strings.Repeat("x", 65<<10) + `"}`
	got, err := outsider.do(outsider.request(http.MethodPost, callbackPath, large, "Content-Type", "application/json"))
	must(err)
	if got.status != http.StatusRequestEntityTooLarge {
		a.through("65 KiB: status %d", got.status)
	}
	for _, packed := range []string{"gzip", "br", "deflate", "gzip, gzip", "x"} {
		got, err := outsider.do(outsider.request(http.MethodPost, callbackPath, "{}", "Content-Type", "application/json", "Content-Encoding", packed))
		must(err)
		if got.status != http.StatusUnsupportedMediaType {
			a.through("encoding %q: status %d", packed, got.status)
		}
	}
	status := a.statusOf("POST " + callbackPath + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n")
	if status != http.StatusRequestEntityTooLarge {
		a.through("100 MB announced: status %d", status)
	}
	a.tried("65 KiB, 100 MB announced, and five packings")
	a.refusedBy("413 unread, 415 unpacked")
}

func aFloodOfForgeries(a *attempt) {
	p := a.account()
	b := a.elsewhere().browser()
	p.waits(b).close()
	body := answerTo(p.phone.id, p.phone.pending().UUID, "approved")
	const senders, each = 8, 100
	done := make(chan []int, 1)
	go func() {
		done <- parallel(senders, func(int) (refused int) {
			outsider := a.elsewhere().browser()
			for range each {
				if outsider.signed("key", body).status == http.StatusUnauthorized {
					refused++
				}
			}
			return refused
		})
	}()
	began := time.Now()
	p.comesIn(b)
	took := time.Since(began)
	refused := 0
	for _, n := range <-done {
		refused += n
	}
	if refused != senders*each {
		a.through("%d of %d forgeries were refused", refused, senders*each)
	}
	a.tried("%d forgeries", senders*each)
	a.refusedBy("401 each; the owner got in beside them in %s", took.Round(time.Millisecond))
}
