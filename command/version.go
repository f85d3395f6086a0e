package command

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"nod/config"
)

// printVersion is nod version.
func printVersion(out io.Writer) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	_, err := fmt.Fprint(out, version(info))
	return err
}

// build is what the log, /healthz and /metrics say of it.
func build() config.Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return config.Build{Release: release(info), Commit: commit(info)}
}

func release(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "(a development build, not a release)"
}

// version says which release, commit and Go a binary was made from.
func version(info *debug.BuildInfo) string {
	built := info.GoVersion
	if built == "" {
		built = runtime.Version()
	}
	return fmt.Sprintf("nod %s\ncommit %s\n%s\n", release(info), commit(info), built)
}

// commit is what the go command notes when it builds inside a repository.
// "go run" and "-buildvcs=false" note nothing.
func commit(info *debug.BuildInfo) string {
	vcs := map[string]string{}
	for _, s := range info.Settings {
		vcs[s.Key] = s.Value
	}
	revision := vcs["vcs.revision"]
	switch {
	case revision == "":
		return "unknown: the build did not record it"
	case vcs["vcs.modified"] == "true":
		return revision + " with changes"
	default:
		return revision
	}
}
