package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
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

// composed is what a compose file says of its containers.
type composed struct {
	Services map[string]struct {
		Image       string
		Command     []string
		Environment map[string]string
	}
}

// The containers of the compose files start with what is set for them.
func TestTheComposeFilesConfigureWhatStarts(t *testing.T) {
	image, err := os.ReadFile("../tools/dist/main.go")
	must(t, err)
	secrets := t.TempDir() + "/"
	for _, name := range []string{"secret_key", "authy_api_key"} {
		must(t, os.WriteFile(secrets+name, []byte(strings.Repeat("k", 40)), 0o400))
	}
	files, err := filepath.Glob("../packaging/compose*.yml")
	must(t, err)
	found := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(t, err)
		var all composed
		must(t, yaml.Unmarshal(content, &all))
		for name, service := range all.Services {
			if service.Image != "nod:latest" {
				continue
			}
			found++
			set := map[string]string{}
			for _, match := range regexp.MustCompile(`"([A-Z_]+)=([^"]+)"`).FindAllStringSubmatch(string(image), -1) {
				set[match[1]] = match[2]
			}
			for name, value := range service.Environment {
				if !isSetting(name) {
					t.Errorf("%s sets %s, which is no setting", file, name)
				}
				set[name] = strings.NewReplacer("/run/secrets/", secrets, "${POSTGRES_PASSWORD:?is not set}", "password").Replace(value)
			}
			read := Application
			if slices.Equal(service.Command, []string{"simulator"}) {
				read = Simulator
			}
			if _, err := read(func(name string) (string, bool) { value, ok := set[name]; return value, ok }); err != nil {
				t.Errorf("%s, %s: %v with %v", file, name, err, set)
			}
		}
	}
	if found != 5 {
		t.Errorf("found %d containers of Nod in %v, want 5", found, files)
	}
}

// The proxy of the compose file is set as that of docs/proxies, which is tried.
func TestTheComposedProxyIsTheOneThatIsTried(t *testing.T) {
	tried, err := os.ReadFile("../docs/proxies/Caddyfile")
	must(t, err)
	content, err := os.ReadFile("../packaging/compose.postgres.yml")
	must(t, err)
	var all struct {
		Configs map[string]struct{ Content string }
	}
	must(t, yaml.Unmarshal(content, &all))
	_, want, _ := strings.Cut(string(tried), "\n\n")
	got := strings.Replace(all.Configs["caddyfile"].Content, "nod1:3000 nod2:3000", "127.0.0.1:3000", 1)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The unit starts Nod again and again, also where its database takes minutes to come up,
// but not with settings that it has refused: its status is 2 then.
func TestTheUnitStartsNodUntilItCanBe(t *testing.T) {
	content, err := os.ReadFile("../packaging/nod.service")
	must(t, err)
	unit, service, _ := strings.Cut(string(content), "[Service]\n")
	for _, line := range []struct{ where, want string }{
		{unit, "StartLimitIntervalSec=0"}, {service, "Restart=always"}, {service, "RestartPreventExitStatus=2"},
	} {
		if !strings.Contains(line.where, "\n"+line.want+"\n") {
			t.Errorf("the unit lacks %s:\n%s", line.want, content)
		}
	}
}
