package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"path"

	"github.com/gofiber/fiber/v2"

	"nod/static"
)

// logoPath is the picture that goes out with every request for approval.
const logoPath = "/static/logo.svg"

type asset struct {
	body []byte
	mime string
	etag string
}

// assets holds every file of static by its exact name: a path that is not
// one of them is not found, whatever it decodes to.
var assets = loadAssets()

func loadAssets() map[string]asset {
	files := map[string]asset{}
	err := fs.WalkDir(static.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(static.FS, name)
		sum := sha256.Sum256(body)
		files["/static/"+name] = asset{body, mime.TypeByExtension(path.Ext(name)), `"` + hex.EncodeToString(sum[:8]) + `"`}
		return err
	})
	if err != nil {
		panic("the files embedded in the binary cannot be read: " + err.Error())
	}
	return files
}

func (h *Handlers) static(c *fiber.Ctx) error {
	file, ok := assets[c.Path()]
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=0, must-revalidate")
	c.Set(fiber.HeaderETag, file.etag)
	if c.Path() == logoPath {
		// The provider's app shows it, from an origin of its own.
		c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if c.Get(fiber.HeaderIfNoneMatch) == file.etag {
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, file.mime)
	return c.Send(file.body)
}
