package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

var header = []string{"", "what", "Nod", "usual design", "ratio", "others", "goal", "reached"}

// cells returns the rows as text, without the header.
func cells(r results, rows []row) [][]string {
	all := make([][]string, len(rows))
	for i, w := range rows {
		all[i] = []string{
			fmt.Sprint(i + 1), w.what, r.cell(w, w.nod), r.cell(w, w.usual), r.ratioCell(w),
			r.besideCell(w), dash(w.goal.text), w.verdict(r),
		}
	}
	return all
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// cell is a median and, with more than one round, minimum and maximum.
func (r results) cell(w row, program string) string {
	s, ok := r.summarise(w.figure, program)
	switch {
	case !ok:
		return "–"
	case s.min == s.max:
		return w.unit(s.median)
	}
	return fmt.Sprintf("%s (%s–%s)", w.unit(s.median), withoutUnit(w.unit(s.min)), withoutUnit(w.unit(s.max)))
}

// withoutUnit removes the unit.
func withoutUnit(value string) string {
	n, _, _ := strings.Cut(strings.TrimSuffix(value, "/s"), " ")
	return n
}

func (r results) ratioCell(w row) string {
	s, ok := r.ratio(w.figure, w.nod, w.usual)
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%.2f", s.median)
}

func (r results) besideCell(w row) string {
	var all []string
	for _, program := range w.others {
		if _, ok := r.summarise(w.figure, program); ok {
			all = append(all, names[program]+" "+r.cell(w, program))
		}
	}
	return dash(strings.Join(all, ", "))
}

func (w row) verdict(r results) string {
	switch {
	case w.goal.reached == nil:
		return "–"
	case w.goal.reached(r, w):
		return "yes"
	default:
		return "NO"
	}
}

// writeText prints the table for a terminal, followed by how each row is measured.
func writeText(out io.Writer, about string, r results, rows []row) {
	table := append([][]string{header}, cells(r, rows)...)
	widths := make([]int, len(header))
	for _, line := range table {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range table {
		var b strings.Builder
		for i, cell := range line {
			b.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
	}
	fmt.Fprintf(out, "\n%s\n\n", about)
	writeMethods(out, rows, "%2d  %s: %s\n")
}

// writeMarkdown prints the same as Markdown.
func writeMarkdown(out io.Writer, about string, r results, rows []row) {
	markdownLine(out, header)
	markdownLine(out, []string{"--:", "---", "--:", "--:", "--:", "---", "---", "---"})
	for _, line := range cells(r, rows) {
		line[2] = "**" + line[2] + "**"
		markdownLine(out, line)
	}
	fmt.Fprintf(out, "\n%s\n\n", about)
	writeMethods(out, rows, "%d. %s: %s.\n")
}

func markdownLine(out io.Writer, cells []string) {
	fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}

func writeMethods(out io.Writer, rows []row, format string) {
	for i, w := range rows {
		fmt.Fprintf(out, format, i+1, w.what, w.how)
	}
}
