package views

// Add adds a page that only tests have, in every language. It has to come before the
// first page is rendered.
func (p *Pages) Add(name, source string) error {
	for _, pages := range p.byLanguage {
		page, err := pages["error"].Clone()
		if err == nil {
			_, err = page.New("page").Parse(source)
		}
		if err != nil {
			return err
		}
		pages[name] = page
	}
	return nil
}
