package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// curve is one line of a plot.
type curve struct {
	name   string
	class  string // nod, usual, other or floor: the CSS class
	dashed bool
	points []point
}

type point struct{ x, y float64 }

// panel is one plot of the picture.
type panel struct {
	title, unit string
	logarithmic bool
	curves      []curve
}

// Sizes in pixels. The picture scales with the page it is on.
const (
	panelWidth, panelHeight = 460, 340
	left, right             = 56, 150 // margins of a panel: for the scale, for the names
	top, bottom             = 48, 44
	nameHeight              = 15
	lineHeight              = 16 // of the caption
)

// style makes the picture readable on light and dark pages. Lines differ in more
// than colour.
const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 13px }
.quiet { fill: #57606a }
.grid { stroke: #d0d7de; stroke-width: 1 }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round }
.nod { stroke: #0a6e5c; stroke-width: 3.5 } .usual { stroke: #bc4c00 } .other { stroke: #6639ba } .floor { stroke: #57606a; stroke-width: 1.5 }
text.nod { fill: #0a6e5c; stroke: none; font-weight: 600 } text.usual { fill: #bc4c00; stroke: none } text.other { fill: #6639ba; stroke: none } text.floor { stroke: none }
.dashed { stroke-dasharray: 6 4 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .quiet { fill: #9198a1 } .grid { stroke: #3d444d }
.nod { stroke: #3fc9a8 } .usual { stroke: #f0883e } .other { stroke: #b083f0 } .floor { stroke: #9198a1 }
text.nod { fill: #3fc9a8 } text.usual { fill: #f0883e } text.other { fill: #b083f0 }
}
</style>
`

// writePlot draws the panels side by side, with the lines of the caption below them.
func writePlot(out io.Writer, caption string, panels ...panel) error {
	var b strings.Builder
	lines := strings.Split(caption, "\n")
	width, height := panelWidth*len(panels), panelHeight+8+lineHeight*len(lines)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">`+"\n", width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n%s", escape(strings.Join(lines, " ")), style)
	for i, p := range panels {
		fmt.Fprintf(&b, `<g transform="translate(%d 0)">`+"\n", i*panelWidth)
		p.draw(&b)
		b.WriteString("</g>\n")
	}
	for i, line := range lines {
		fmt.Fprintf(&b, `<text class="quiet" x="%d" y="%d">%s</text>`+"\n", left, panelHeight+lineHeight*(i+1), escape(line))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(out, b.String())
	return err
}

func (p panel) draw(b *strings.Builder) {
	x, y := p.scales()
	fmt.Fprintf(b, `<text class="title" x="%d" y="22">%s</text>`+"\n", left, escape(p.title))
	for _, v := range y.marks() {
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`, left, panelWidth-right, y.at(v), y.at(v))
		fmt.Fprintf(b, `<text class="quiet" text-anchor="end" x="%d" y="%.1f">%s</text>`+"\n", left-6, y.at(v)+4, escape(format(v)+" "+p.unit))
	}
	for _, v := range x.marks() {
		fmt.Fprintf(b, `<text class="quiet" text-anchor="middle" x="%.1f" y="%d">%s</text>`+"\n", x.at(v), panelHeight-bottom+18, format(v))
	}
	fmt.Fprintf(b, `<text class="quiet" text-anchor="middle" x="%d" y="%d">waiting browsers</text>`+"\n", (left+panelWidth-right)/2, panelHeight-8)
	for _, c := range p.curves {
		class := c.class
		if c.dashed {
			class += " dashed"
		}
		fmt.Fprintf(b, `<polyline class="%s" points="`, class)
		for _, at := range c.points {
			fmt.Fprintf(b, "%.1f,%.1f ", x.at(at.x), y.at(at.y))
		}
		b.WriteString(`"/>` + "\n")
	}
	p.names(b, y)
}

// names writes the curves' names at the ends of the lines, moved apart where they
// would overlap.
func (p panel) names(b *strings.Builder, y scale) {
	type name struct {
		curve
		at float64
	}
	var names []name
	for _, c := range p.curves {
		if c.name != "" && len(c.points) > 0 {
			names = append(names, name{c, y.at(c.points[len(c.points)-1].y)})
		}
	}
	slices.SortFunc(names, func(a, b name) int { return int(math.Copysign(1, b.at-a.at)) })
	for i := 1; i < len(names); i++ { // from the bottom up
		names[i].at = min(names[i].at, names[i-1].at-nameHeight)
	}
	for _, n := range names {
		fmt.Fprintf(b, `<text class="%s" x="%d" y="%.1f">%s</text>`+"\n", n.class, panelWidth-right+6, n.at+4, escape(n.name))
	}
}

// scale maps values to pixels.
type scale struct {
	min, max    float64
	from, to    float64 // pixels
	logarithmic bool
}

func (s scale) at(v float64) float64 {
	part := (v - s.min) / (s.max - s.min)
	if s.logarithmic {
		part = math.Log(max(v, s.min)/s.min) / math.Log(s.max/s.min)
	}
	return s.from + part*(s.to-s.from)
}

// marks returns round values along the scale.
func (s scale) marks() (all []float64) {
	if s.logarithmic {
		for v := s.min; v <= s.max*1.001; v *= 10 {
			all = append(all, v)
		}
		return all
	}
	step := roundStep(s.max / 4)
	for v := 0.0; v <= s.max*1.001; v += step {
		all = append(all, v)
	}
	return all
}

// roundStep returns 1, 2 or 5 times a power of ten that is at least v.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*0.999 {
			return m * power
		}
	}
	return 10 * power
}

func (p panel) scales() (x, y scale) {
	x = scale{from: left, to: panelWidth - right}
	y = scale{from: panelHeight - bottom, to: top, logarithmic: p.logarithmic, min: math.Inf(1)}
	for _, c := range p.curves {
		for _, at := range c.points {
			x.max, y.max = max(x.max, at.x), max(y.max, at.y)
			y.min = min(y.min, at.y)
		}
	}
	if p.logarithmic {
		y.min = math.Pow(10, math.Floor(math.Log10(y.min)))
		y.max = math.Pow(10, math.Ceil(math.Log10(y.max)))
		return x, y
	}
	step := roundStep(y.max / 4)
	y.min, y.max = 0, math.Ceil(y.max/step)*step
	return x, y
}

// format writes 10000 as 10,000 and 0.1 as 0.1.
func format(v float64) string {
	text := fmt.Sprintf("%g", v)
	if v < 1000 {
		return text
	}
	text = fmt.Sprintf("%.0f", v)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
