package main

import "slices"

// results holds what every round found: a value per round, by figure and by the
// program it is of. The rounds of two programs stand side by side, since each
// round measures all of them in the same minutes.
type results map[figure]map[string][]float64

// figure is one thing that is measured.
type figure string

func (r results) add(f figure, who string, value float64) {
	if r[f] == nil {
		r[f] = map[string][]float64{}
	}
	r[f][who] = append(r[f][who], value)
}

// summary is the middle of some values, and how far they scatter.
type summary struct{ median, least, most float64 }

// of summarises a figure; ok is false if it was not measured.
func (r results) of(f figure, who string) (s summary, ok bool) {
	return summarise(r[f][who])
}

func summarise(values []float64) (s summary, ok bool) {
	if len(values) == 0 {
		return summary{}, false
	}
	sorted := slices.Sorted(slices.Values(values))
	s = summary{least: sorted[0], most: sorted[len(sorted)-1]}
	middle := len(sorted) / 2
	s.median = sorted[middle]
	if len(sorted)%2 == 0 {
		s.median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return s, true
}

// ratio compares two programs round by round: what a busy machine does to one
// round it does to both.
func (r results) ratio(f figure, who, to string) (s summary, ok bool) {
	a, b := r[f][who], r[f][to]
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	return summarise(ratios)
}
