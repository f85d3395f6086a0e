package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestSummarise(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		want   summary
		ok     bool
	}{
		"nothing": {nil, summary{}, false},
		"one":     {[]float64{7}, summary{7, 7, 7}, true},
		"odd":     {[]float64{9, 1, 2}, summary{2, 1, 9}, true},
		"even":    {[]float64{4, 1, 2, 9}, summary{3, 1, 9}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := summarise(c.values); got != c.want || ok != c.ok {
				t.Errorf("got %v, %v, want %v, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

// A round on a busy machine counts no more than the others.
func TestRatioIsTakenRoundByRound(t *testing.T) {
	r := results{}
	for _, round := range [][2]float64{{1, 2}, {30, 60}, {1.1, 2}} {
		r.add(handshake, designNod, round[0])
		r.add(handshake, designUsual, round[1])
	}
	if s, ok := r.ratio(handshake, designNod, designUsual); !ok || s.median != 0.5 {
		t.Errorf("got %v, %v", s, ok)
	}
	if _, ok := r.ratio(handshake, designNod, designHub); ok {
		t.Error("got a ratio to a program that was not measured")
	}
}

func TestQuantiles(t *testing.T) {
	var d []time.Duration
	for i := range 100 {
		d = append(d, time.Duration(100-i))
	}
	if p50, p99, max := quantiles(d); p50 != 51 || p99 != 100 || max != 100 {
		t.Errorf("got %d, %d, %d", p50, p99, max)
	}
}

func TestVerdicts(t *testing.T) {
	r := results{}
	r.add(rss, designNod, 4e3)
	r.add(rss, designUsual, 8e3)
	for _, lost := range []float64{0, 1, 0} {
		r.add(publishLost, designHub, lost)
	}
	for name, c := range map[string]struct {
		row  row
		want string
	}{
		"no goal":        {row{figure: rss, nod: designNod}, "–"},
		"below":          {row{figure: rss, nod: designNod, goal: atMost(5e3, "5 kB")}, "yes"},
		"above":          {row{figure: rss, nod: designNod, goal: atMost(3e3, "3 kB")}, "NO"},
		"enough":         {row{figure: rss, nod: designNod, goal: atLeast(4e3, "4 kB")}, "yes"},
		"ratio":          {row{figure: rss, nod: designNod, goal: ratioAtMost(0.5, designUsual)}, "yes"},
		"ratio missed":   {row{figure: rss, nod: designNod, goal: ratioAtLeast(0.9, designUsual)}, "NO"},
		"not measured":   {row{figure: live, nod: designNod, goal: atMost(1, "1")}, "NO"},
		"lost in one":    {row{figure: publishLost, nod: designHub, goal: none}, "NO"},
		"never measured": {row{figure: tapLost, nod: designNod, goal: none}, "NO"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.row.verdict(r); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	r := results{}
	for _, v := range []float64{4e3, 5e3, 4.5e3} {
		r.add(rss, designNod, v)
		r.add(rss, designUsual, 2*v)
		r.add(rss, designCentrifuge, 3*v)
	}
	lines := []row{{
		what: "RSS", figure: rss, unit: kilobytes, nod: designNod, usual: designUsual, others: []string{designCentrifuge, designPolling},
		goal: atMost(5e3, "5 kB"), how: "somehow",
	}}
	var text, markdown strings.Builder
	writeText(&text, "then and there", r, lines)
	writeMarkdown(&markdown, "then and there", r, lines)
	const want = "| 1 | RSS | **4.50 kB (4.00–5.00)** | 9.00 kB (8.00–10.00) | 0.50 | centrifuge 13.50 kB (12.00–15.00) | ≤ 5 kB | yes |"
	if !strings.Contains(markdown.String(), want) {
		t.Errorf("Markdown:\n%s\nwant a line\n%s", markdown.String(), want)
	}
	for _, want := range []string{"4.50 kB (4.00–5.00)  9.00 kB", "then and there", " 1  RSS: somehow"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("text:\n%s\nwant %q in it", text.String(), want)
		}
	}
}

// Every row says how it is measured, and every row with a goal measures Nod.
func TestRows(t *testing.T) {
	for _, w := range rows(full) {
		if w.how == "" || w.unit == nil || (w.goal.reached != nil && w.nod == "") {
			t.Errorf("row %q is incomplete", w.what)
		}
		for _, program := range append(w.others, w.usual, w.nod) {
			if program != "" && names[program] == "" {
				t.Errorf("row %q: %q has no name", w.what, program)
			}
		}
	}
}

func TestPlotIsXML(t *testing.T) {
	var b bytes.Buffer
	err := writePlot(&b, "then & <there>",
		panel{title: "Memory", unit: "MB", curves: []curve{
			{name: "Nod", class: "nod", points: []point{{1000, 12}, {10_000, 43}}},
			{name: "usual", class: "usual", points: []point{{1000, 40}, {10_000, 290}}},
		}},
		panel{title: "Latency", unit: "ms", logarithmic: true, curves: []curve{
			{name: "Nod", class: "nod", dashed: true, points: []point{{1000, 0.2}, {10_000, 1000}}},
			{name: "not measured", class: "other"},
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(&b); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestNamesDoNotOverlap(t *testing.T) {
	var b strings.Builder
	p := panel{curves: []curve{
		{name: "one", points: []point{{1, 10}}}, {name: "two", points: []point{{1, 10}}}, {name: "three", points: []point{{1, 0.1}}},
	}}
	_, y := p.scales()
	p.names(&b, y)
	for _, want := range []string{`y="297.5">three`, `y="37.0">two`, `y="52.0">one`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("got\n%s\nwant %s", b.String(), want)
		}
	}
}

func TestSourceAddresses(t *testing.T) {
	seen := map[string]bool{}
	for i := range 40_001 {
		seen[sourceAddress(i)] = true
	}
	if len(seen) != 40_001 {
		t.Errorf("%d addresses for 40,001 browsers", len(seen))
	}
}

// What leaks stays; what swings with the collector, or comes with a request, does
// not matter.
func TestSteady(t *testing.T) {
	var swinging, leaking, left []sample
	for i := range soakSamples {
		swing := float64(i % 3)
		swinging = append(swinging, sample{rss: 100 + 50*swing, live: 30 + 20*swing, files: 1000 + swing, goroutines: 50 + swing, waits: 1000})
		leaking = append(leaking, sample{rss: 100, live: 30, files: 1000 + float64(i), goroutines: 50, waits: 1000})
		left = append(left, sample{rss: 100, live: 30, files: 1000, goroutines: 50, waits: 1000 - swing})
	}
	if err := steady(swinging, 1000); err != nil {
		t.Error(err)
	}
	for what, all := range map[string][]sample{"a leak": leaking, "browsers that left": left} {
		if steady(all, 1000) == nil {
			t.Errorf("%s: got no error", what)
		}
	}
}
