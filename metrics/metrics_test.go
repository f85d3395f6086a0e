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

// text is what Prometheus reads.
func text(m *metrics.Metrics) string {
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	return answer.Body.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPollingBrowsersAreCountedWhileTheyPoll(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m := metrics.New(none, func() time.Time { return now })
	m.Poll("one")
	m.Poll("one")
	m.Poll("two")
	want := func(n int) {
		t.Helper()
		if line := fmt.Sprintf(`nod_waiting_browsers{transport="polling"} %d`, n); !strings.Contains(text(m), line) {
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

// Every count has its name and its labels, and a nil *Metrics counts nothing.
func TestCounts(t *testing.T) {
	m := metrics.New(none, nil)
	for _, m := range []*metrics.Metrics{m, nil} {
		m.Limited("push")
		m.Pushed("gone")
		m.SignIn("signed_in", "push")
		m.Request("login", "superseded")
		m.Password("wrong")
		m.CodeSent("sms", "too_often")
		m.CodeChecked("used")
		m.WaitEnded("stream", "slow")
		m.Callback("applied")
	}
	for _, line := range []string{
		`nod_sign_ins_total{method="push",outcome="signed_in"} 1`,
		`nod_requests_total{kind="login",outcome="superseded"} 1`,
		`nod_passwords_total{outcome="wrong"} 1`,
		`nod_codes_sent_total{method="sms",outcome="too_often"} 1`,
		`nod_codes_total{outcome="used"} 1`,
		`nod_waits_ended_total{reason="slow",transport="stream"} 1`,
		`nod_callbacks_total{verdict="applied"} 1`,
		`nod_pushes_total{outcome="gone"} 1`,
	} {
		if !strings.Contains(text(m), line+"\n") {
			t.Errorf("the metrics lack %q", line)
		}
	}
}
