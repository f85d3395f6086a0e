package simulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"nod/simulator"
)

// audience is a room whose only phone is Ada's, with the secret "hers"; nobody else
// gets in.
type audience struct{}

func (audience) Open(string) bool                     { return true }
func (audience) Join(context.Context) (string, error) { return "", simulator.ErrRoomFull }
func (audience) Tapped(string)                        {}

func (audience) Phone(secret string) int64 {
	if secret == "hers" {
		return ada
	}
	return 0
}

// open serves it, and returns where.
func (a audience) open(s *sim) string {
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = s.RoomHandler(server.Listener.Addr().String(), a)
	server.Start()
	s.t.Cleanup(server.Close)
	return server.URL
}

// One phone takes no more than its share of sockets, however many ask at once, and gives
// back what it closes.
func TestAPhoneOfAnAudienceIsOpenFourTimes(t *testing.T) {
	s := newAda(t)
	events := "ws" + strings.TrimPrefix(audience{}.open(s), "http") + "/phone/hers/events"
	var mu sync.Mutex
	var open []*websocket.Conn
	var refused int
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), events, nil)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				open = append(open, conn)
			case res != nil && res.StatusCode == http.StatusServiceUnavailable:
				refused++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(open) != 4 || refused != 8 {
		t.Errorf("%d are open and %d refused, want 4 and 8", len(open), refused)
	}
	s.watch(ada).until("") // the presenter's page takes another place
	for _, conn := range open {
		must(t, conn.Close())
	}
	for began := time.Now(); time.Since(began) < hangLimit; {
		if conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), events, nil); err == nil {
			must(t, conn.Close())
			return
		}
	}
	t.Error("a closed page still counts")
}

// The pages of an audience take no place of others, and end as well.
func TestPagesOfAnAudienceAreMoreThanOthers(t *testing.T) {
	s := newAda(t)
	if n := s.Watch(); n != 200 {
		t.Errorf("%d pages are open without an audience", n)
	}
	audience{}.open(s)
	if n := s.Watch(); n != 600 {
		t.Errorf("%d more are open with one", n)
	}
}

// Whoever comes to a full room reads that it is full.
func TestARoomThatIsFullSaysSo(t *testing.T) {
	s := newAda(t)
	s.url = audience{}.open(s)
	s.do(http.MethodPost, "/join/x", "", http.Header{"Accept": {"text/html"}}).wantStatus(http.StatusServiceUnavailable).wantIn("The room is full")
	s.do(http.MethodPost, "/join/x", "", nil).wantStatus(http.StatusServiceUnavailable)
}
