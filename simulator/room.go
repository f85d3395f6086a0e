package simulator

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Room is an audience, each of whom has a phone of their own here. Whoever knows a
// secret has what it opens.
type Room interface {
	// Open says whether a secret is that of the address where people join.
	Open(secret string) bool
	// Join makes a phone for somebody new, and returns its secret. ErrRoomFull;
	// ErrRoomClosed.
	Join(ctx context.Context) (phone string, err error)
	// Phone is the id of the phone with a secret; 0 without one.
	Phone(secret string) int64
	// Tapped says that an answer comes from a phone.
	Tapped(phone string)
}

// Errors of a Room.
var (
	ErrRoomFull   = errors.New("the room is full")
	ErrRoomClosed = errors.New("the room is closed")
)

const (
	joinTimeout     = 2 * time.Minute // a crowd that joins at once waits for its turn
	pagesOfOnePhone = 4               // that are open; a page that loads anew overlaps itself
	pagesOfARoom    = 600             // which take no place of other pages
	roomCookie      = "room_phone"    // the secret of the phone that a browser has
)

// RoomHandler serves the phones of a room to a network, at /phone/SECRET, and the
// page at /join/SECRET where people get one: nothing else, and under no other name than
// host, which is ADDRESS:PORT.
func (s *Simulator) RoomHandler(host string, room Room) http.Handler {
	s.watchers.allow(pagesOfARoom)
	h := roomHandler{s, room}
	mux, own := http.NewServeMux(), http.NewCrossOriginProtection()
	for pattern, handle := range map[string]errHandler{
		"GET /join/{secret}":                           h.serveDoor,
		"POST /join/{secret}":                          h.serveJoin,
		"GET /phone/{secret}":                          h.withPhone(s.serveHandset),
		"GET /phone/{secret}/events":                   h.withPhone(h.serveEvents),
		"POST /phone/{secret}/requests/{uuid}/approve": h.withPhone(h.tap(Approved)),
		"POST /phone/{secret}/requests/{uuid}/deny":    h.withPhone(h.tap(Denied)),
		"GET /static/{name}":                           s.serveStatic,
		"/":                                            func(http.ResponseWriter, *http.Request) error { return ErrNoPhone },
	} {
		mux.Handle(pattern, own.Handler(h.try(handle)))
	}
	return roomHeaders(host, mux)
}

type roomHandler struct {
	*Simulator
	room Room
}

// roomHeaders refuses other names, as a page of another site has them that leads here,
// and puts the headers on every answer. A phone in the network finds no logo of the
// application, so images come from here alone.
func roomHeaders(host string, next http.Handler) http.Handler {
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws://" + host +
		"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	bare := strings.TrimSuffix(host, ":80") // as browsers have it
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			w.Header().Set(name, value)
		}
		if !strings.EqualFold(r.Host, host) && !strings.EqualFold(r.Host, bare) {
			http.Error(w, "this is "+host, http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// roomTexts are what stands beneath the titles.
var roomTexts = map[string]string{
	"room.join": "room.join_text", "room.full": "room.full_text", "room.gone": "room.gone_text", "room.failed": "room.failed_text",
}

// try answers the error of a handler: a page to a person who opens one.
func (h roomHandler) try(handle errHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := handle(w, r)
		title, status := "room.gone", statusOf(err)
		switch {
		case err == nil:
			return
		case errors.Is(err, ErrRoomFull):
			title, status = "room.full", http.StatusServiceUnavailable
		case errors.Is(err, ErrRoomClosed):
			status = http.StatusNotFound
		case status == http.StatusInternalServerError:
			h.logger.Error("a phone of the room failed", "method", r.Method, "error", err)
			title = "room.failed"
		}
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(status)
			_ = h.language(r).Execute(w, "room.html", map[string]any{ // the status says it, too
				"AppName": h.app.name, "Title": title, "Text": roomTexts[title], "Form": title == "room.failed" && r.Method == http.MethodPost,
			})
			return
		}
		http.Error(w, http.StatusText(status), status)
	})
}

// withPhone has a handler of phones serve the one with the secret in the path.
func (h roomHandler) withPhone(handle errHandler) errHandler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id := h.room.Phone(r.PathValue("secret"))
		if id == 0 {
			return ErrNoPhone
		}
		r.SetPathValue("id", strconv.FormatInt(id, 10))
		return handle(w, r)
	}
}

// serveDoor is GET /join/{secret}. Getting a phone is a POST, which the page sends by
// itself: what only looks at a link must not get one.
func (h roomHandler) serveDoor(w http.ResponseWriter, r *http.Request) error {
	if !h.room.Open(r.PathValue("secret")) {
		return ErrNoPhone
	}
	if cookie, err := r.Cookie(roomCookie); err == nil && h.room.Phone(cookie.Value) != 0 {
		http.Redirect(w, r, "/phone/"+cookie.Value, http.StatusSeeOther)
		return nil
	}
	return h.render(w, r, "room.html", map[string]any{"AppName": h.app.name, "Title": "room.join", "Text": roomTexts["room.join"], "Form": true, "Script": true})
}

// serveJoin is POST /join/{secret}.
func (h roomHandler) serveJoin(w http.ResponseWriter, r *http.Request) error {
	if !h.room.Open(r.PathValue("secret")) {
		return ErrNoPhone
	}
	ctx, cancel := context.WithTimeout(r.Context(), joinTimeout)
	defer cancel()
	phone, err := h.room.Join(ctx)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: roomCookie, Value: phone, Path: "/join/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/phone/"+phone, http.StatusSeeOther)
	return nil
}

// serveEvents keeps a phone of the room from taking all sockets.
func (h roomHandler) serveEvents(w http.ResponseWriter, r *http.Request) error {
	return h.sendStates(w, r, pagesOfOnePhone)
}

// tap is an answer, whose time begins when it comes.
func (h roomHandler) tap(status string) errHandler {
	answer := h.serveAnswer(status)
	return func(w http.ResponseWriter, r *http.Request) error {
		h.room.Tapped(r.PathValue("secret"))
		return answer(w, r)
	}
}

// serveHandset is the page of a phone, or its JSON, without what a presenter has
// beside it.
func (s *Simulator) serveHandset(w http.ResponseWriter, r *http.Request) error {
	return s.showPhone(w, r, nil)
}
