package handlers

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"nod/views"
)

// Demo is what only a demonstration has.
type Demo struct {
	Stage  string // the origin of its stage
	People []DemoPerson
}

// DemoPerson is somebody who exists at the start of a demonstration. Everybody may
// know the password.
type DemoPerson struct {
	Name, Email, Password string
	Way                   string // how the second step goes: app, sms or authenticator
}

// ways are the sentences of that.
var ways = map[string]string{"app": "demo.app", "sms": "demo.sms", "authenticator": "demo.authenticator"}

// demoPeople are those offered on the sign-in page: a link fills in each. Without a
// demonstration there are none.
func (h *Handlers) demoPeople(c *fiber.Ctx) (people []views.DemoPerson) {
	if h.Demo == nil {
		return nil
	}
	for i, p := range h.Demo.People {
		people = append(people, views.DemoPerson{Name: p.Name, Way: h.text(c, ways[p.Way]), URL: "/login?as=" + strconv.Itoa(i+1)})
	}
	return people
}

// filledIn is the person whose link was followed.
func (h *Handlers) filledIn(c *fiber.Ctx) DemoPerson {
	as, err := strconv.Atoi(c.Query("as"))
	if h.Demo == nil || err != nil || as < 1 || as > len(h.Demo.People) {
		return DemoPerson{}
	}
	return h.Demo.People[as-1]
}

// addStage links a page to the stage, which in turn holds it in a frame beside the
// phone: there it needs no link to either.
func (h *Handlers) addStage(c *fiber.Ctx, page *views.Layout) {
	switch {
	case h.Demo == nil:
	case c.Get("Sec-Fetch-Dest") == "iframe":
		page.PhonesURL, page.Framed = "", true
	default:
		page.StageURL = h.Demo.Stage + "/stage"
	}
}
