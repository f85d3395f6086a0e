package nudges

// Take is what would be told next.
func (n *Nudges) Take() []string {
	words, _ := n.take()
	return words
}
