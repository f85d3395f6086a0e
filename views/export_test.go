package views

// IsShared says whether a file is a piece of pages.
var IsShared = isShared

// Ends are the names of all ends of a wait.
func Ends() (names []string) {
	for _, e := range ends {
		names = append(names, e.State)
	}
	return names
}

// Add adds a page that only tests have, in every language. It has to come before the
// first page is rendered.
func (p *Pages) Add(name, source string) error {
	for _, pages := range p.byLanguage {
		if _, err := pages.New(name + ".html").Parse(before + source + after); err != nil {
			return err
		}
	}
	return nil
}
