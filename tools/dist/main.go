// Command dist writes a container image without an engine: a tar file that docker load
// and podman load take. The same files give the same bytes.
//
//	dist NAME TAG BINARY OUT
//
// In it are the binary, the roots of trust and the time zones of this machine, and an
// empty /data for the user that it runs as.
package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// user owns /data and runs the binary; nothing else in the image may be written.
const user = 65532

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: dist NAME TAG BINARY OUT, with SOURCE_DATE_EPOCH set")
		os.Exit(2)
	}
	if err := write(os.Args[1]+":"+os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func write(tag, binary, out string) error {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	as, err := name.NewTag(tag)
	if err != nil {
		return err
	}
	image, err := build(binary, time.Unix(seconds, 0).UTC())
	if err != nil {
		return err
	}
	if err := tarball.WriteToFile(out, as, image); err != nil {
		return err
	}
	digest, err := image.Digest()
	fmt.Println(digest)
	return err
}

func build(binary string, at time.Time) (v1.Image, error) {
	files, err := content(binary, at)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil })
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", runtime.GOARCH, v1.Time{Time: at}
	config.Config = v1.Config{
		Entrypoint: []string{"/nod"}, User: fmt.Sprintf("%d:%d", user, user), WorkingDir: "/data",
		Env:          []string{"ADDR=0.0.0.0:3000", "DATABASE_URL=sqlite:/data/nod.db"},
		ExposedPorts: map[string]struct{}{"3000/tcp": {}, "3001/tcp": {}},
		Volumes:      map[string]struct{}{"/data": {}},
	}
	return mutate.ConfigFile(image, config)
}

// content is the only layer.
func content(binary string, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	l := &layer{tar.NewWriter(&b), at}
	for _, dir := range []string{"etc", "etc/ssl", "etc/ssl/certs", "usr", "usr/share"} {
		if err := l.dir(dir, 0o755, 0); err != nil {
			return nil, err
		}
	}
	if err := l.file("nod", binary, 0o755); err != nil {
		return nil, err
	}
	if err := l.file("etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt", 0o644); err != nil {
		return nil, err
	}
	if err := l.zones("/usr/share/zoneinfo"); err != nil {
		return nil, err
	}
	if err := l.dir("data", 0o700, user); err != nil {
		return nil, err
	}
	return b.Bytes(), l.Close()
}

type layer struct {
	*tar.Writer
	at time.Time
}

func (l *layer) dir(path string, mode int64, owner int) error {
	return l.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: path + "/", Mode: mode, Uid: owner, Gid: owner, ModTime: l.at})
}

func (l *layer) file(path, from string, mode int64) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := l.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: path, Mode: mode, Size: int64(len(text)), ModTime: l.at}); err != nil {
		return err
	}
	_, err = l.Write(text)
	return err
}

// zones copies the time zones, without what says the same with leap seconds or in
// another order. WalkDir goes by name.
func (l *layer) zones(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, root+"/")
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "right" || name == "posix"):
			return fs.SkipDir
		case name == "localtime": // that of this machine
			return nil
		case d.IsDir():
			return l.dir(strings.TrimPrefix(path, "/"), 0o755, 0)
		}
		return l.file(strings.TrimPrefix(path, "/"), path, 0o644)
	})
}
