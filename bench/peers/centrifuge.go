package main

import (
	"context"
	"io"
	"net/http"

	"github.com/centrifugal/centrifuge"
	"github.com/gofiber/storage/sqlite3/v2"
)

// serveCentrifuge uses a channel per session, to which the server subscribes the
// browser.
func serveCentrifuge(s settings) error {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return err
	}
	node.OnConnecting(func(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		cred, ok := centrifuge.GetCredentials(ctx)
		if !ok {
			return centrifuge.ConnectReply{}, centrifuge.DisconnectInvalidToken
		}
		return centrifuge.ConnectReply{
			Subscriptions: map[string]centrifuge.SubscribeOptions{cred.UserID: {}},
		}, nil
	})
	node.OnConnect(func(*centrifuge.Client) {})
	if err := node.Run(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, memory()) })
	mux.HandleFunc("POST /publish/{key}", publishTo(node))
	socket := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		PingPongConfig: centrifuge.PingPongConfig{PingInterval: pingEvery},
	})
	storage := openStorage(s.sessions)
	mux.Handle("GET /login", withSession(storage, http.RedirectHandler("/login/approval", http.StatusSeeOther)))
	mux.Handle("GET /login/events", withSession(storage, socket))
	return http.Serve(s.listener, mux)
}

func publishTo(node *centrifuge.Node) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = node.Publish(r.PathValue("key"), data)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

// withSession identifies the browser by the same cookie as the other designs.
func withSession(storage *sqlite3.Storage, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, err := sessionKey(storage, r)
		if err != nil || key == "" {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		cred := &centrifuge.Credentials{UserID: key}
		next.ServeHTTP(w, r.WithContext(centrifuge.SetCredentials(r.Context(), cred)))
	})
}
