package e2e

import (
	"fmt"
	"net/http"
	"os"
	"testing"
)

// join makes phones of an audience, which nobody looks at.
func (s *stage) join(n int) {
	s.t.Helper()
	url := s.text("#wall-url")
	together := make(chan error, n)
	for range n {
		go func() {
			res, err := http.Post(url, "", nil)
			if err == nil {
				res.Body.Close()
			}
			together <- err
		}()
	}
	for range n {
		must(s.t, <-together)
	}
}

// tiles waits until as many tiles are in a state.
func (s *stage) tiles(n int, state string) {
	s.t.Helper()
	s.is(fmt.Sprintf(`document.querySelectorAll('.tile[data-state=%q]').length === %d`, state, n))
}

// The presenter opens the room by keys; somebody scans the code, everybody signs in, and
// a tap flips that tile.
func TestTheRoomOnTheStage(t *testing.T) {
	story(t)
	s := startCommand(t, []string{"demo", "--no-browser", "--lan=127.0.0.2:0"}).stage()
	s.press("w")
	s.is(`document.getElementById("wall-url").textContent !== "" && document.getElementById("wall-qr").naturalWidth > 20`)
	s.accessible("an empty room")
	s.look("room-empty")

	hand := s.nod.person().tab()
	hand.resize(390, 844)
	hand.open(s.text("#wall-url"))
	hand.is(`location.pathname.startsWith("/phone/") && document.getElementById("clock")?.textContent !== "--:--"`)
	s.tiles(1, "ready")
	s.join(2)
	s.tiles(3, "ready")
	s.look("room-3-ready")
	s.press("g")
	s.tiles(3, "waiting")
	hand.see(".request")
	if number := hand.text(".compare-number"); number != s.text(".tile .tile-main") {
		t.Errorf("the phone shows %s, and its tile %s", number, s.text(".tile .tile-main"))
	}
	hand.accessible("a phone of the audience")
	s.look("room-3-asked")
	hand.is(`(document.querySelector(".request [data-answer=approve]")?.click(), document.querySelector(".request .done-text")?.checkVisibility() === true)`)
	s.is(`document.querySelector(".tile").dataset.state === "in" && / ms$| s$/.test(document.querySelector(".tile .tile-main").textContent)`)
	s.is(`document.getElementById("wall-in").textContent === "1 of 3" && document.getElementById("wall-median").textContent !== "–"`)
	s.is(`document.getElementById("wall-said").textContent === "3 phones, 1 signed in."`)
	s.tiles(2, "waiting")
	s.accessible("the wall")
	for _, size := range [][2]int64{{1280, 720}, {1920, 1080}} {
		s.size(size[0], size[1])
		s.is(fmt.Sprintf(`innerWidth === %d && document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth`, size[0]))
		s.look(fmt.Sprintf("room-3-%d", size[0]))
	}
	if os.Getenv("NOD_PICTURES") == "all" {
		s.crowds()
	}
	s.size(1280, 720)
	s.press("w")
	s.is(`document.getElementById("wall").hidden && !document.getElementById("panes").hidden`)
	s.press("x")
	s.is(`document.getElementById("said").textContent === "As at the start."`)
	hand.is(`document.getElementById("line-note")?.hidden !== true`) // or it is gone, if the answer was given long ago
	hand.expect("404")
	hand.open(eval[string](hand, "location.href"))
	hand.heading("There is no such phone")
	hand.accessible("a phone that is gone")
}

// crowds takes the pictures of larger ones.
func (s *stage) crowds() {
	for before, n := 3, 30; n <= 100; before, n = n, n+70 {
		s.join(n - before)
		s.press("g")
		s.is(fmt.Sprintf(`document.querySelectorAll('.tile[data-state="waiting"]').length === %d`, n))
		for _, size := range [][2]int64{{1280, 720}, {1920, 1080}} {
			s.size(size[0], size[1])
			s.look(fmt.Sprintf("room-%d-%d", n, size[0]))
		}
		s.answers()
		s.is(fmt.Sprintf(`document.querySelectorAll('.tile[data-state="in"]').length > %d`, n/2))
		s.look(fmt.Sprintf("room-%d-answered", n))
	}
}

// answers has most approve, and some deny.
func (s *stage) answers() {
	var phones []phone
	s.nod.json("GET", "/phones", nil, &phones)
	for i, p := range phones[3:] {
		if i%10 == 9 {
			p.nod = s.nod
			p.answer("deny")
		} else if i%4 != 0 {
			p.nod = s.nod
			p.answer("approve")
		}
	}
}
