package handlers

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"nod/static"
)

// logoPath is the picture that goes out with every request for approval.
const logoPath = "/static/logo.svg"

// asset is a file as it is, and compressed where that is shorter. It is compressed when
// it is first asked for, not at the start of every command. Pages are not compressed:
// their length would tell of the secrets in them (BREACH).
type asset struct {
	body   []byte
	packed func() []byte
	mime   string
	etag   string
}

const gzipped = "gzip"

// in is the file in an encoding that the browser takes.
func (a asset) in(c *fiber.Ctx) (body []byte, encoding, etag string) {
	if c.AcceptsEncodings(gzipped, "identity") == gzipped {
		if packed := a.packed(); len(packed) > 0 {
			return packed, gzipped, `"` + a.etag + "-" + gzipped + `"`
		}
	}
	return a.body, "", `"` + a.etag + `"`
}

// pack is what gzip makes of a file, nil where that is longer.
func pack(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one of its own
	_, _ = w.Write(body)                                  // a buffer takes everything
	_ = w.Close()
	if b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}

// types is a table of our own: that of the machine may lack a type, or have
// another one, and with nosniff a browser then runs no script.
var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",

	".webmanifest": "application/manifest+json",
}

// assets holds every file of static by its exact name: a path that is not
// one of them is not found, whatever it decodes to.
var assets = loadAssets()

// workerPath is the worker of the phone's page. It ends in a line that changes with any
// file of static: a browser that has an older one fetches all of them anew, and tells its
// open pages.
const workerPath = "/static/worker.js"

func loadAssets() map[string]asset {
	files := map[string]asset{}
	all := sha256.New()
	err := fs.WalkDir(static.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(static.FS, name)
		kind, known := types[path.Ext(name)]
		if !known {
			return fmt.Errorf("%s: its type is not in the table", name)
		}
		all.Write(body)
		files["/static/"+name] = newAsset(body, kind)
		return err
	})
	if err != nil {
		panic("the files embedded in the binary cannot be read: " + err.Error())
	}
	worker := files[workerPath]
	files[workerPath] = newAsset(fmt.Appendf(bytes.Clone(worker.body), "// %x\n", all.Sum(nil)[:8]), worker.mime)
	return files
}

func newAsset(body []byte, kind string) asset {
	sum := sha256.Sum256(body)
	return asset{body, sync.OnceValue(func() []byte { return pack(body) }), kind, hex.EncodeToString(sum[:8])}
}

func (h *Handlers) static(c *fiber.Ctx) error { return sendAsset(c, c.Path()) }

// sendAsset sends a file of static by the path that it has there.
func sendAsset(c *fiber.Ctx, name string) error {
	file, ok := assets[name]
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=0, must-revalidate")
	body, encoding, etag := file.in(c)
	c.Set(fiber.HeaderETag, etag)
	c.Vary(fiber.HeaderAcceptEncoding)
	if name == logoPath {
		// The provider's app shows it, from an origin of its own.
		c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if holds(c, etag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, file.mime)
	if encoding != "" {
		c.Set(fiber.HeaderContentEncoding, encoding)
	}
	return c.Send(body)
}

// holds says whether the browser has this version already, by If-None-Match: a
// list of tags, or "*" for any. Caches and proxies that repack a file mark its
// tag as weak.
func holds(c *fiber.Ctx, etag string) bool {
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderIfNoneMatch) {
		for tag := range strings.SplitSeq(string(line), ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}
