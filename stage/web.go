package stage

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"path"
	"strings"

	"nod/stage/pages"
)

var templates = template.Must(template.ParseFS(pages.FS, "*.html"))

// routes are the paths of the stage; the simulator has checked the Host and whether
// another origin asks.
func (s *Stage) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stage", s.servePage)
	mux.HandleFunc("GET /stage/static/{name}", serveStatic)
	mux.HandleFunc("GET /stage/people", s.act(s.servePeople))
	mux.HandleFunc("GET /stage/events", s.act(s.serveEvents))
	mux.HandleFunc("GET /stage/hops/{id}", s.act(serveHop))
	mux.HandleFunc("GET /stage/callback", s.act(serveCallback))
	mux.HandleFunc("POST /stage/callback", s.act(serveTrick))
	mux.HandleFunc("GET /stage/export/{kind}", s.act(serveExport))
	mux.HandleFunc("POST /stage/check", s.act(serveCheck))
	mux.HandleFunc("POST /stage/rival", s.act(s.serveRival))
	mux.HandleFunc("POST /stage/reset", s.act(s.serveReset))
	mux.HandleFunc("GET /stage/wall", s.act(s.serveWall))
	mux.HandleFunc("GET /stage/join.png", s.act(s.serveQR))
	mux.HandleFunc("POST /stage/everybody", s.act(s.serveSignInAll))
	return mux
}

// policy is the simulator's, but for the frames: the application's and the phone's.
func policy(app string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws:; " +
		"frame-src 'self' " + app + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// servePage is GET /stage.
func (s *Stage) servePage(w http.ResponseWriter, r *http.Request) {
	h := s.house.Load()
	if h == nil {
		s.render(w, "closed.html", "", nil)
		return
	}
	// The cookies of the application are those of one host name.
	if "http://"+r.Host != h.Origin {
		http.Redirect(w, r, h.Origin+"/stage", http.StatusFound)
		return
	}
	s.render(w, "stage.html", h.AppURL, map[string]any{
		"AppURL": h.AppURL, "People": People(), "LAN": h.LAN, "Own": h.Flow.Own != nil,
	})
}

func (s *Stage) render(w http.ResponseWriter, name, app string, data any) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, data); err != nil {
		s.logger.Error("the stage cannot be shown", "error", err)
		http.Error(w, "the stage cannot be shown: see the log", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", policy(app))
	w.Header().Set("X-Frame-Options", "DENY")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes()) // a client that has gone needs no answer
}

// served are the types of what lies beside the page.
var served = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func serveStatic(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	content, err := pages.FS.ReadFile("static/" + name)
	if err != nil || strings.Contains(name, "/") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", served[path.Ext(name)])
	_, _ = w.Write(content)
}

// act is something that is done to a demonstration.
type act func(http.ResponseWriter, *http.Request, *House) error

// act answers what the act does, or says what went wrong: 409 where there is no demonstration.
func (s *Stage) act(do act) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := s.house.Load()
		if h == nil {
			http.Error(w, "there is no demonstration: nod demo starts one", http.StatusConflict)
			return
		}
		if err := do(w, r, h); err != nil {
			s.logger.Error("the stage failed", "path", r.URL.Path, "error", err)
			http.Error(w, "that failed: see the log", http.StatusInternalServerError)
		}
	}
}

// serveReset is POST /stage/reset. What has begun is brought to its end, also where the
// page that asked is loaded again meanwhile: half of it would be a stage without people.
func (s *Stage) serveReset(w http.ResponseWriter, _ *http.Request, h *House) error {
	if err := s.reset(s.open, h); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// servePeople is GET /stage/people.
func (s *Stage) servePeople(w http.ResponseWriter, _ *http.Request, h *House) error {
	s.resets.RLock()
	defer s.resets.RUnlock()
	people, err := h.ready()
	if err != nil {
		return err
	}
	return writeJSON(w, people)
}

func writeJSON(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // a client that has gone needs no answer
	return nil
}
