package main

import "slices"

// results holds one value per round for each figure and program. Values with the
// same index are comparable, because a round measures all programs within a few
// minutes.
type results map[figure]map[string][]float64

// figure is the name of a measured quantity.
type figure string

func (r results) add(f figure, program string, value float64) {
	if r[f] == nil {
		r[f] = map[string][]float64{}
	}
	r[f][program] = append(r[f][program], value)
}

// summary is the median of some values and their spread.
type summary struct{ median, min, max float64 }

// summarise summarises a figure of a program; ok is false if it was not measured.
func (r results) summarise(f figure, program string) (s summary, ok bool) {
	return summarise(r[f][program])
}

func summarise(values []float64) (s summary, ok bool) {
	if len(values) == 0 {
		return summary{}, false
	}
	sorted := slices.Sorted(slices.Values(values))
	s = summary{min: sorted[0], max: sorted[len(sorted)-1]}
	middle := len(sorted) / 2
	s.median = sorted[middle]
	if len(sorted)%2 == 0 {
		s.median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return s, true
}

// ratio compares two programs round by round, because a busy machine slows both
// within one round.
func (r results) ratio(f figure, program, to string) (s summary, ok bool) {
	a, b := r[f][program], r[f][to]
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	return summarise(ratios)
}
