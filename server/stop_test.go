package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"nod/config"
)

func TestWhatHangsIsLeftBehind(t *testing.T) {
	s := steps{factor: 60}
	var order []string
	s.add("first", time.Minute, closing(func() error { order = append(order, "first"); return nil }))
	released := make(chan struct{})
	defer close(released)
	s.add("stuck", time.Millisecond, func(context.Context) error { <-released; return nil })
	s.add("last", time.Minute, closing(func() error { order = append(order, "last"); return nil }))
	err := s.stop()
	if err == nil || !strings.Contains(err.Error(), "stopping stuck") {
		t.Errorf("got %v, want that the stuck step is named", err)
	}
	if got := fmt.Sprint(order); got != "[last first]" {
		t.Errorf("ended in the order %s, want [last first]", got)
	}
}

// Browsers open connections ahead: one that asks nothing is cut when the time
// is up, and that is no failure.
func TestASilentConnectionIsCut(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	served := make(chan error, 1)
	go func() { served <- app.Listener(ln) }()
	silent, err := net.Dial("tcp", ln.Addr().String())
	must(t, err)
	defer silent.Close()
	// An answer to somebody else: by then the silent one was accepted.
	res, err := http.Get("http://" + ln.Addr().String())
	must(t, err)
	must(t, res.Body.Close())

	var log strings.Builder
	s := newSite(config.Config{}, slog.New(slog.NewTextHandler(&log, nil)))
	up, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	must(t, s.shutdown(app)(up))
	must(t, <-served)
	if !strings.Contains(log.String(), "still open are cut") {
		t.Errorf("the log says %q, want that connections are cut", log.String())
	}
}
