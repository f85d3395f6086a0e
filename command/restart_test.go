package command

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"nod/tools/ports"
)

// A new process may be started before the old one has stopped: it waits for its
// turn, on the same addresses and files.
func TestAStartWaitsForTheOldProcess(t *testing.T) {
	addr, phones := ports.Free(), ports.Free()
	settings := []string{"ADDR", addr, "SIMULATOR_ADDR", phones}
	old := start(t, lastWords, nil, settings...)
	dir, err := os.Getwd()
	must(t, err)

	r, w := io.Pipe()
	waits := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		err := run(t.Context(), nil, environment(append(settings, "DATABASE_URL", "sqlite:"+dir+"/nod.db")...), io.Discard, w)
		w.CloseWithError(io.EOF)
		ended <- err
	}()
	go func() {
		var log strings.Builder
		part := make([]byte, 4096)
		for said := false; ; {
			n, err := r.Read(part)
			log.Write(part[:n])
			if !said && (err != nil || strings.Contains(log.String(), "waiting for it to stop")) {
				said = true
				close(waits)
			}
			if err != nil {
				return
			}
		}
	}()
	<-waits
	old.end()
	for {
		res, err := http.Get("http://" + addr + "/healthz")
		if err == nil {
			must(t, res.Body.Close())
			return
		}
		select {
		case err := <-ended:
			t.Fatalf("the new process has ended: %v", err)
		default:
		}
	}
}
