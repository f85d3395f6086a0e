package metrics_test

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"nod/metrics"
)

func none() (websockets, streams int) { return 0, 0 }

func TestPollingBrowsersAreCountedWhileTheyPoll(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m := metrics.New(none, func() time.Time { return now })
	m.Poll("one")
	m.Poll("one")
	m.Poll("two")
	want := func(n int) {
		t.Helper()
		answer := httptest.NewRecorder()
		m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
		if line := fmt.Sprintf(`nod_waiting_browsers{transport="polling"} %d`, n); !strings.Contains(answer.Body.String(), line) {
			t.Errorf("the metrics lack %q", line)
		}
	}
	want(2)
	now = now.Add(6 * time.Second)
	want(0)
}

// Sessions that have stopped polling are removed even if the metrics are never
// read.
func TestUnreadMetricsDoNotGrow(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m := metrics.New(none, func() time.Time { return now })
	live := func() int64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return int64(s.HeapAlloc)
	}
	before := live()
	for i := range 200_000 {
		now = now.Add(10 * time.Millisecond)
		m.Poll(fmt.Sprint("session ", i))
	}
	if grown := live() - before; grown > 2<<20 {
		t.Errorf("200,000 sessions that stopped polling hold %d bytes", grown)
	}
	runtime.KeepAlive(m)
}
