package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"nod/authy"
)

// posters send requests that are made ready beforehand, over connections that
// stay open.
type posters struct {
	conns    []net.Conn
	requests [][]byte
	status   int     // that every answer should have
	sent     []int64 // when each request went out, see clock
}

func newPosters(addr string, workers, status int, requests [][]byte) (*posters, error) {
	p := &posters{requests: requests, status: status, sent: make([]int64, len(requests))}
	for i := range workers {
		conn, err := dialFrom(i, addr)
		if err != nil {
			p.close()
			return nil, err
		}
		p.conns = append(p.conns, conn)
	}
	return p, nil
}

const event = `{"status":"approved","reason":"","expires_at":"2026-11-24T12:00:00.000Z","server_time":"2026-11-24T11:59:00.000Z","number":"42"}`

func (p *posters) close() {
	for _, c := range p.conns {
		_ = c.Close()
	}
}

func (s Shots) request(to seat) ([]byte, error) {
	if s.Callback != nil {
		return s.Callback.request(s.Addr, to)
	}
	return post(s.Addr, "/publish/"+to.Session, event), nil
}

func post(addr, path, body string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, addr, len(body), body)
}

// shoot sends all requests, and returns when all are answered well.
func (p *posters) shoot(rate int) error {
	if rate > 0 {
		return p.paced(rate)
	}
	return p.flat()
}

// paced sends one request after each gap, whether or not the one before has
// been answered.
func (p *posters) paced(rate int) error {
	errs := make([]error, len(p.conns))
	var readers sync.WaitGroup
	for i, conn := range p.conns {
		readers.Go(func() {
			in := bufio.NewReader(conn)
			for n := i; n < len(p.requests) && errs[i] == nil; n += len(p.conns) {
				errs[i] = p.readAnswer(in)
			}
		})
	}
	err := pace(len(p.requests), rate, func(i int) error {
		p.sent[i] = clock()
		_, err := p.conns[i%len(p.conns)].Write(p.requests[i])
		return err
	})
	if err != nil {
		return err
	}
	readers.Wait()
	return errors.Join(errs...)
}

// flat has every connection send its next request as soon as it has the answer
// to the last.
func (p *posters) flat() error {
	errs := make([]error, len(p.conns))
	var next atomic.Int64
	var workers sync.WaitGroup
	for w, conn := range p.conns {
		workers.Go(func() {
			in := bufio.NewReader(conn)
			for errs[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(p.requests) {
					return
				}
				p.sent[i] = clock()
				if _, errs[w] = conn.Write(p.requests[i]); errs[w] == nil {
					errs[w] = p.readAnswer(in)
				}
			}
		})
	}
	workers.Wait()
	return errors.Join(errs...)
}

func (p *posters) readAnswer(in *bufio.Reader) error {
	status, length, err := readHead(in)
	if err != nil {
		return err
	}
	if _, err := in.Discard(length); err != nil {
		return err
	}
	if status != p.status {
		return fmt.Errorf("answered with %d, not %d", status, p.status)
	}
	return nil
}

// Signing makes the provider's callbacks.
type Signing struct{ Key, URL string }

// request is a callback with the members that the service sends.
func (s *Signing) request(addr string, to seat) ([]byte, error) {
	type object = map[string]any
	now := time.Now().Unix()
	body, err := json.Marshal(object{
		"authy_id": to.AuthyID, "device_uuid": 2102943, "callback_action": "approval_request_status",
		"uuid": to.UUID, "status": "approved",
		"approval_request": object{
			"transaction": object{
				"details":        object{"Number": "42", "E-mail": "ada@example.com", "Browser": "Chrome on Linux", "Address": "127.1.1.1"},
				"device_details": object{}, "device_geolocation": "", "device_signing_time": now,
				"encrypted": false, "flagged": false, "hidden_details": object{"approval_id": to.ApprovalID},
				"message": "Sign in to Nod?", "reason": "", "requester_details": nil, "status": "approved",
				"uuid": to.UUID, "created_at_time": now, "customer_uuid": 15083,
			},
			"expiration_timestamp": now + 120, "logos": nil, "app_id": "582380eb7e1caa03317ec08c",
		},
		"signature": "made up, and as long as the phones' are not",
		"device":    object{"ip": "203.0.113.7", "os_type": "android", "id": 2102943, "city": nil, "country": nil},
	})
	if err != nil {
		return nil, err
	}
	nonce := strconv.FormatInt(now, 10)
	signature, err := authy.SignCallback(s.Key, http.MethodPost, s.URL, nonce, body)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "POST /authy/callback HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
		"X-Authy-Signature: %s\r\nX-Authy-Signature-Nonce: %s\r\nContent-Length: %d\r\n\r\n%s", addr, signature, nonce, len(body), body), nil
}
