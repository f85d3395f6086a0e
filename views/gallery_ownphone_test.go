package views_test

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"nod/views"
)

// A phone of one's own is one page whose script shows the state that it is in. Its states
// are read from the page, so none is forgotten.

var (
	phoneState = regexp.MustCompile(` data-phone="([a-z]+)"`)
	requestEnd = regexp.MustCompile(` data-if="([a-z_-]+)"`)
	stepsOf    = regexp.MustCompile(` data-steps="([a-z]+)"`)
	scanState  = regexp.MustCompile(` data-([a-z]+)="{{t "scan\.`)
	pushState  = regexp.MustCompile(` data-([a-z]+)="{{t "push\.`)
	modelOfOne = regexp.MustCompile(`(?s)<template id="request">(.*?)</template>`)
	aLine      = regexp.MustCompile(`(?s) data-line hidden>.*?data-slot="([a-z]+)"`)
	nameSlot   = regexp.MustCompile(`(data-slot="name"(?: hidden)?>)`)
	aSlot      = regexp.MustCompile(`data-slot="([a-z]+)">`)
	pendingOne = regexp.MustCompile(`(?s)<form class="form" data-pending novalidate>.*?</form>`)
)

// shownThere is what the phone shows of a request, by its kind.
var shownThere = map[string]map[string]string{
	"login": {
		"email": "ada@example.com", "browser": "Firefox on Linux", "address": "2001:db8::1", "place": "Bogotá, Colombia", "asked": "15:04",
		"left": "2", "phone": "iPhone",
	},
	"transfer": {"amount": "1,000,000.00 EUR", "payee": "Grace Hopper", "email": "ada@example.com", "asked": "15:04"},
	"confirm":  {"change": "Use another phone: +57 300 123 4567", "email": "ada@example.com", "browser": "Firefox on Linux", "asked": "15:04"},
}

// ownPhoneStates are its states, but for "ready", of which each request is one.
func ownPhoneStates() (list []state) {
	source, err := os.ReadFile("ownphone.html")
	if err != nil {
		panic(err)
	}
	add := func(what string) {
		for _, s := range list {
			if s.what == what {
				return
			}
		}
		list = append(list, state{"ownphone", what, views.OwnPhonePage{Layout: anonymous("ownphone")}})
	}
	for _, found := range phoneState.FindAllSubmatch(source, -1) {
		if string(found[1]) != "ready" {
			add(string(found[1]))
		}
	}
	for _, found := range pushState.FindAllSubmatch(source, -1) {
		add("push " + string(found[1]))
	}
	for _, found := range stepsOf.FindAllSubmatch(source, -1) {
		add("steps " + string(found[1]))
	}
	for _, found := range scanState.FindAllSubmatch(source, -1) {
		add("scan " + string(found[1]))
	}
	for _, what := range []string{"scan view", "told updated", "told clock-off"} {
		add(what)
	}
	for _, kind := range slices.Sorted(maps.Keys(shownThere)) {
		add("asks " + kind)
	}
	for _, found := range requestEnd.FindAllSubmatch(source, -1) {
		add("end " + string(found[1]))
	}
	return list
}

// shownOwnPhone does to the page what its script would.
func shownOwnPhone(page []byte, what string) []byte {
	name, part, more := strings.Cut(what, " ")
	page = nameSlot.ReplaceAll(page, []byte("${1}Pixel"))
	if !more {
		return reveal(page, `data-phone="`+name+`"`)
	}
	switch name {
	case "steps":
		page = reveal(reveal(reveal(page, `data-phone="none"`), `id="install"`), `data-steps="`+part+`"`)
		return bytes.Replace(page, []byte(`id="install"`), []byte(`id="install" open`), 1)
	case "scan":
		return shownScan(reveal(reveal(page, `data-phone="none"`), `id="scan"`), part)
	}
	page = reveal(page, `data-phone="ready"`)
	if name == "told" {
		return reveal(reveal(page, `id="`+part+`"`), `id="ownphone-empty"`)
	}
	if name == "push" {
		page = reveal(reveal(page, `id="push"`), `id="ownphone-empty"`)
		if part == "off" || part == "unreachable" {
			page = reveal(page, `id="push-on"`)
		}
		said := regexp.MustCompile(`id="push-said".* data-` + part + `="([^"]*)"`).FindSubmatch(page)
		return regexp.MustCompile(`(id="push-said"[^>]*>)`).ReplaceAll(page, append([]byte("${1}"), said[1]...))
	}
	one := modelOfOne.FindSubmatch(page)[1]
	kind := part
	if name == "asks" {
		one = bytes.Replace(one, []byte(`ownphone-request"`), []byte(`ownphone-request" data-status="pending"`), 1)
	} else {
		kind = "login"
		one = reveal(pendingOne.ReplaceAll(one, nil), `data-if="`+part+`"`)
	}
	one = filled(reveal(one, `data-kind="`+kind+`"`), shownThere[kind])
	one = bytes.Replace(one, []byte(`data-left>`), []byte(`data-left>1:59`), 1)
	return bytes.Replace(page, []byte(`id="requests">`), append([]byte(`id="requests">`), one...), 1)
}

// shownScan is a page whose camera is open, or cannot be.
func shownScan(page []byte, what string) []byte {
	if what == "view" {
		return reveal(page, `id="scan-view"`)
	}
	if what != "lacking" {
		page = reveal(page, `id="scan-start"`)
	}
	said := regexp.MustCompile(`id="scan-said".* data-` + what + `="([^"]*)"`).FindSubmatch(page)
	return regexp.MustCompile(`(id="scan-said"[^>]*>)`).ReplaceAll(reveal(page, `id="scan-said"`), append([]byte("${1}"), said[1]...))
}

// filled shows the lines of a request that have something to say.
func filled(one []byte, shown map[string]string) []byte {
	one = aLine.ReplaceAllFunc(one, func(line []byte) []byte {
		if shown[string(aLine.FindSubmatch(line)[1])] == "" {
			return line
		}
		return bytes.Replace(line, []byte(" hidden"), nil, 1)
	})
	return aSlot.ReplaceAllFunc(one, func(slot []byte) []byte {
		return slices.Concat(slot, []byte(shown[string(aSlot.FindSubmatch(slot)[1])]))
	})
}

// reveal shows what has an attribute.
func reveal(page []byte, attribute string) []byte {
	hidden := regexp.MustCompile(`(<[^>]*` + regexp.QuoteMeta(attribute) + `[^>]*) hidden(>| )`)
	return hidden.ReplaceAll(page, []byte("$1$2"))
}
