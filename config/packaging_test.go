package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What is packaged sets settings that there are, and takes files that there are.
func TestThePackagingFits(t *testing.T) {
	var names []string
	for _, s := range Settings() {
		names = append(names, s.Name)
	}
	set := regexp.MustCompile(`(?m)^(?:Environment=|      |\s+Env:.*?")([A-Z]+(?:_[A-Z]+)*)(?:: |=)|"([A-Z]+(?:_[A-Z]+)*)=`)
	files, err := filepath.Glob("../packaging/*")
	must(t, err)
	found := 0
	for _, file := range append(files, "../tools/dist/main.go") {
		content, err := os.ReadFile(file)
		must(t, err)
		for _, match := range set.FindAllStringSubmatch(string(content), -1) {
			found++
			if name := match[1] + match[2]; !slices.Contains(names, name) {
				t.Errorf("%s sets %s, which is no setting", file, name)
			}
		}
	}
	if found < 10 {
		t.Errorf("found %d settings in %v", found, files)
	}
	content, err := os.ReadFile("../packaging/nfpm.yaml")
	must(t, err)
	for _, source := range regexp.MustCompile(`(?m)(?:src|postinstall|preremove): ([^$\s]+)$`).FindAllStringSubmatch(string(content), -1) {
		if _, err := os.Stat("../" + source[1]); err != nil || strings.HasPrefix(source[1], "/") {
			t.Errorf("nfpm.yaml takes %s: %v", source[1], err)
		}
	}
}

// The containers of the compose files start with what is set for them.
func TestTheComposeFilesConfigureWhatStarts(t *testing.T) {
	image, err := os.ReadFile("../tools/dist/main.go")
	must(t, err)
	files, err := filepath.Glob("../packaging/compose*.yml")
	must(t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(t, err)
		for _, service := range regexp.MustCompile(`(?m)^  \w+:\n`).Split(string(content), -1)[1:] {
			set := map[string]string{}
			for _, match := range regexp.MustCompile(`"([A-Z_]+)=([^"]+)"`).FindAllStringSubmatch(string(image), -1) {
				set[match[1]] = match[2]
			}
			for _, match := range regexp.MustCompile(`(?m)^      ([A-Z_]+): (.+)$`).FindAllStringSubmatch(service, -1) {
				set[match[1]] = match[2]
			}
			read := Application
			if strings.Contains(service, "command: [simulator]") {
				read = Simulator
			}
			if _, err := read(func(name string) (string, bool) { value, ok := set[name]; return value, ok }); err != nil {
				t.Errorf("%s: %v with %v", file, err, set)
			}
		}
	}
}
