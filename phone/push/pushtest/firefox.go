package pushtest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/fasthttp/websocket"
)

// Firefox is a real Firefox, connected to the service as it is to Mozilla's: by a
// WebSocket, over which it registers its subscriptions and gets its messages.
type Firefox struct {
	URL string // of its setting dom.push.serverURL

	service *Service
	mu      sync.Mutex
	conn    *websocket.Conn
	got     chan Received
	acked   chan int // the code of each message that it has taken
}

// AckDecrypted is the code of a message that Firefox has read and handed on.
const AckDecrypted = 100

// Firefox opens the side of the service to which a Firefox connects.
func (s *Service) Firefox() *Firefox {
	f := &Firefox{service: s, got: make(chan Received, 100), acked: make(chan int, 100)}
	server := httptest.NewServer(f)
	s.t.Cleanup(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.conn != nil {
			f.conn.Close()
		}
		server.CloseClientConnections()
		server.Close()
	})
	f.URL = "ws" + strings.TrimPrefix(server.URL, "http") + "/"
	return f
}

// Got is the next message that has come for Firefox, as it was sent: encrypted.
func (f *Firefox) Got(t testing.TB) Received { return wait(t, f.got, "no message came") }

// Acked is what Firefox says of the next message.
func (f *Firefox) Acked(t testing.TB) (code int) {
	return wait(t, f.acked, "Firefox took no message")
}

// said is what Firefox sends.
type said struct {
	Type    string `json:"messageType"`
	Channel string `json:"channelID"`
	Key     string `json:"key"`
	Updates []struct {
		Code int `json:"code"`
	} `json:"updates"`
}

// ServeHTTP talks to Firefox until it goes.
func (f *Firefox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }, Subprotocols: []string{"push-notification"}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	f.mu.Lock()
	f.conn = conn
	f.mu.Unlock()
	for {
		var m said
		if err := conn.ReadJSON(&m); err != nil {
			return
		}
		f.answer(m)
	}
}

func (f *Firefox) answer(m said) {
	switch m.Type {
	case "hello":
		f.say(map[string]any{"messageType": "hello", "uaid": strings.Repeat("0", 32), "status": 200, "use_webpush": true, "broadcasts": struct{}{}})
	case "register":
		endpoint := f.service.register(&Browser{sender: strings.TrimRight(m.Key, "="), firefox: f, channel: m.Channel})
		f.say(map[string]any{"messageType": "register", "channelID": m.Channel, "status": 200, "pushEndpoint": endpoint})
	case "unregister":
		f.service.forget(m.Channel)
		f.say(map[string]any{"messageType": "unregister", "channelID": m.Channel, "status": 200})
	case "ack":
		for _, update := range m.Updates {
			f.acked <- update.Code
		}
	case "": // a ping
		f.say(struct{}{})
	}
}

// say sends one message at a time.
func (f *Firefox) say(m any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, err := json.Marshal(m)
	if err == nil && f.conn != nil {
		_ = f.conn.WriteMessage(websocket.TextMessage, text) // who has gone gets nothing
	}
}

// notify hands a message on as it came.
func (f *Firefox) notify(channel string, body []byte, r Received) {
	f.got <- r
	f.say(map[string]any{
		"messageType": "notification", "channelID": channel, "version": rand.Text(),
		"data": base64.RawURLEncoding.EncodeToString(body), "headers": map[string]string{"encoding": "aes128gcm"},
	})
}
