package views

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
