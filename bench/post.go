package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"nod/authy"
)

// posters send prepared requests over open connections.
type posters struct {
	conns    []net.Conn
	requests [][]byte
	status   int     // the status that every answer must have
	sent     []int64 // when each request was sent, see clock
}

func newPosters(addrs []string, workers, status int, requests [][]byte) (*posters, error) {
	p := &posters{requests: requests, status: status, sent: make([]int64, len(requests))}
	for i := range workers {
		conn, err := dialFrom(i, addrs[i%len(addrs)])
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

func (s SendArgs) request(to attempt) ([]byte, error) {
	if s.Callback != nil {
		return s.Callback.request(to)
	}
	return post(s.Addr, "/publish/"+to.Session, event), nil
}

func post(addr, path, body string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, addr, len(body), body)
}

// send sends all requests and returns when all are answered with the expected
// status. rate is per second, 0 for as fast as possible.
func (p *posters) send(rate int) error {
	if rate > 0 {
		return p.paced(rate)
	}
	return p.unpaced()
}

// paced sends requests at a fixed rate, whether or not earlier ones are answered.
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

// unpaced makes every connection send its next request as soon as the last one is
// answered.
func (p *posters) unpaced() error {
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

// Signing signs callbacks as the provider does.
type Signing struct{ Key, URL string }

// request is a callback with the members that recorded callbacks have.
func (s *Signing) request(to attempt) ([]byte, error) {
	type object = map[string]any
	now := time.Now().Unix()
	body, err := json.Marshal(object{
		"authy_id": to.AuthyID, "device_uuid": 2102943, "callback_action": "approval_request_status",
		"uuid": to.UUID, "status": "approved",
		"approval_request": object{
			"transaction": object{
				"details":        object{"Number": "42", "Email": "ada@example.com", "Browser": "Chrome on Linux", "Address": "127.1.1.1"},
				"device_details": object{}, "device_geolocation": "", "device_signing_time": now,
				"encrypted": false, "flagged": false, "hidden_details": object{"approval_id": to.ApprovalID},
				"message": "Sign in to Nod?", "reason": "", "requester_details": nil, "status": "approved",
				"uuid": to.UUID, "created_at_time": now, "customer_uuid": 15083,
			},
			"expiration_timestamp": now + 120, "logos": nil, "app_id": "582380eb7e1caa03317ec08c",
		},
		"signature": "made up; shorter than a real one",
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
	public, err := url.Parse(s.URL)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "POST /authy/callback HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
		"X-Authy-Signature: %s\r\nX-Authy-Signature-Nonce: %s\r\nContent-Length: %d\r\n\r\n%s", public.Host, signature, nonce, len(body), body), nil
}
