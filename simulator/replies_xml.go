package simulator

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// writeXML sends a reply as Rails writes a hash in XML: what is no text has its
// type as an attribute, and names have hyphens.
func writeXML(w http.ResponseWriter, status int, root string, body object) error {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	xmlElement(&b, root, body)
	b.WriteByte('\n')
	w.Header().Set("Content-Type", "application/xml;charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}

func xmlElement(b *bytes.Buffer, name string, value any) {
	name = hyphened(name)
	open := func(kind string) {
		if kind != "" {
			kind = ` type="` + kind + `"`
		}
		fmt.Fprintf(b, "<%s%s>", name, kind)
	}
	switch v := value.(type) {
	case nil:
		fmt.Fprintf(b, `<%s nil="true"/>`, name)
		return
	case object:
		open("")
		for _, m := range v {
			xmlElement(b, m.key, m.value)
		}
	case []object:
		open("array")
		for _, item := range v {
			xmlElement(b, strings.TrimSuffix(name, "s"), item)
		}
	case []string:
		open("array")
		for _, item := range v {
			xmlElement(b, strings.TrimSuffix(name, "s"), item)
		}
	case int, int64:
		open("integer")
		fmt.Fprint(b, v)
	case bool:
		open("boolean")
		fmt.Fprint(b, v)
	default:
		open("")
		_ = xml.EscapeText(b, []byte(fmt.Sprint(v))) // writes to a bytes.Buffer do not fail
	}
	fmt.Fprintf(b, "</%s>", name)
}

// hyphened is what Rails does to a name: an underscore in front stays, because
// _app_name is no name with a hyphen there.
func hyphened(name string) string {
	bare := strings.TrimLeft(name, "_")
	return name[:len(name)-len(bare)] + strings.ReplaceAll(bare, "_", "-")
}
