package command

import (
	"os"
	"slices"
	"strings"
	"testing"

	"nod/tools/ports"

	"go.yaml.in/yaml/v4"
)

// The application and the simulator run as two processes with what the compose file
// sets for two containers, and somebody signs in: each finds the other.
func TestTheComposedSimulator(t *testing.T) {
	content, err := os.ReadFile("../packaging/compose.simulator.yml")
	must(t, err)
	var all struct {
		Services map[string]struct {
			Command     []string
			Environment map[string]string
		}
	}
	must(t, yaml.Unmarshal(content, &all))
	addr, phones := ports.Free(), ports.Free()
	here := strings.NewReplacer(":3000", ":"+port(t, addr), ":3001", ":"+port(t, phones), "0.0.0.0", "127.0.0.1")
	run := func(name, last string, settings ...string) *program {
		for name, value := range all.Services[name].Environment {
			settings = append(settings, name, here.Replace(value))
		}
		return start(t, last, all.Services[name].Command, settings...)
	}
	simulator := run("simulator", "--help says", "ADDR", "")
	nod := run("nod", "Nod is at", "ADDR", addr, "SIMULATOR_ADDR", "")
	nod.phones = simulator.phones
	nod.person()
	nod.end()
	simulator.end()
	if len(all.Services) != 2 || !slices.Equal(all.Services["simulator"].Command, []string{"simulator"}) {
		t.Errorf("the file has %v", all.Services)
	}
}
