package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v2/middleware/session"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nod/handlers"
	"nod/hub"
)

// parts are the other processes that the benchmark needs. It starts itself with one
// of these words; they are not meant for users.
var parts = map[string]func(args []string) error{
	"load": func(args []string) error { return serveLoad(args[0]) },
	"hub":  serveHub,
	"echo": serveEcho,
	"hash": serveHashes,
}

// serveHub serves Nod's hub with the usual design's publishing endpoint, session
// check and HTTP server, because Nod itself publishes only what it has stored.
func serveHub(args []string) error {
	flags := flag.NewFlagSet("hub", flag.ContinueOnError)
	addr := flags.String("addr", "", "where to listen")
	sessions := flags.String("sessions", "", "the SQLite file of the sessions")
	if err := flags.Parse(args); err != nil {
		return err
	}
	storage, err := handlers.NewSessionStorage(*sessions)
	if err != nil {
		return err
	}
	h := hub.New(hub.Options{})
	defer func() { _ = h.Shutdown(context.Background(), 1001) }()

	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true, ReduceMemoryUsage: true, ReadBufferSize: 8 << 10})
	app.Server().KeepHijackedConns = true
	app.Get("/metrics", adaptor.HTTPHandler(promhttp.Handler()))
	// The cost of a publish's HTTP request, without the publish.
	app.Post("/nothing", func(*fiber.Ctx) error { return nil })
	app.Post("/publish/:key", func(c *fiber.Ctx) error {
		if h.Publish(c.Params("key"), c.Body(), false) == 0 {
			return fiber.ErrNotFound
		}
		return nil
	})
	join := websocket.New(func(c *websocket.Conn) {
		if slot, ok := c.Locals("slot").(*hub.Waiter); ok {
			_ = slot.Join(c.NetConn(), hub.WebSocket, nil) // fails only if the browser has hung up
		}
	}, websocket.Config{Origins: []string{"http://" + *addr}, ReadBufferSize: 128, WriteBufferSize: 128})
	app.Get("/login/events", reserve(h, session.New(session.Config{Storage: storage, KeyLookup: "cookie:" + cookieName})), join)
	return app.Listen(*addr)
}

// unread are headers that contrib/websocket would copy; Nod drops them too.
var unread = []string{
	fiber.HeaderUserAgent, fiber.HeaderAccept, fiber.HeaderAcceptEncoding, fiber.HeaderAcceptLanguage,
	fiber.HeaderCookie, fiber.HeaderCacheControl, fiber.HeaderPragma, fiber.HeaderSecWebSocketExtensions,
}

func reserve(h *hub.Hub, sessions *session.Store) fiber.Handler {
	return func(c *fiber.Ctx) error {
		sess, err := sessions.Get(c)
		if err != nil {
			return err
		}
		key, _ := sess.Get(sessionRef).(string)
		if key == "" {
			return fiber.ErrUnauthorized
		}
		slot, err := h.Reserve(key, c.IP())
		if err != nil {
			return err
		}
		c.Locals("slot", slot)
		for _, name := range unread {
			c.Request().Header.Del(name)
		}
		return c.Next()
	}
}

// serveEcho sends back what it receives: the lower bound of every latency here.
func serveEcho(args []string) error {
	ln, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			for buf := make([]byte, 1024); ; {
				n, err := conn.Read(buf)
				if err != nil {
					return
				}
				if _, err := conn.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// serveHashes checks a password against its hash on all processors for a time, and
// prints the number of checks and the seconds: the upper bound of the sign-in rate.
func serveHashes(args []string) error {
	hash := args[0]
	duration, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	var n atomic.Int64
	var failed atomic.Bool
	start := time.Now()
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for time.Since(start) < duration {
				ok, err := argon2id.ComparePasswordAndHash(password, hash)
				if err != nil || !ok {
					failed.Store(true)
					return
				}
				n.Add(1)
			}
		})
	}
	workers.Wait()
	if failed.Load() {
		return errors.New("the password does not match the hash")
	}
	fmt.Println(n.Load(), time.Since(start).Seconds())
	return nil
}

// provider stands in for Authy. It knows every user and accepts every approval
// request, because it is not what is measured.
func provider() (baseURL string, stop func(), err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	var requests atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /protected/json/users/{id}/status", func(w http.ResponseWriter, r *http.Request) {
		reply(w, `{"success":true,"status":{"authy_id":`+r.PathValue("id")+`,"registered":true,"confirmed":true,"devices":["android"]}}`)
	})
	mux.HandleFunc("POST /onetouch/json/users/{id}/approval_requests", func(w http.ResponseWriter, _ *http.Request) {
		uuid, _ := json.Marshal(fmt.Sprintf("00000000-0000-4000-9000-%012d", requests.Add(1)))
		reply(w, `{"success":true,"approval_request":{"uuid":`+string(uuid)+`}}`)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(ln) }()
	return "http://" + ln.Addr().String(), func() { _ = server.Close() }, nil
}

func reply(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}
