package handlers

import "nod/signin"

// sentences are the problems of a form as its page shows them, by field.
func (h *Handlers) sentences(problems signin.Problems) map[string]string {
	texts := map[string]string{}
	for field, problem := range problems {
		texts[string(field)] = h.Pages.Text("problem." + string(problem))
	}
	return texts
}
