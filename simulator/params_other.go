package simulator

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"mime/multipart"
	"strings"
)

var (
	errMultipart = invalidRequest("The body is not multipart/form-data")
	errXML       = invalidRequest("The body is not an XML document")
)

// parseMultipart reads a form as PHP's curl sends an array. A part's name is
// that of a urlencoded pair. A file counts as its content.
func parseMultipart(boundary string, body []byte, budget *int) (*node, error) {
	if boundary == "" {
		return nil, errMultipart
	}
	root, reader := &node{}, multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextPart()
		if err == io.EOF { // after the last boundary; a missing one is another error
			return root, nil
		}
		if err != nil {
			return nil, errMultipart
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, errMultipart
		}
		path := formPath(part.FormName())
		if *budget--; *budget < 0 || len(path) > maxLevels {
			return nil, errTooMany
		}
		root.put(path, string(value))
	}
}

// parseXML reads a document as old clients send one:
// <user><email>…</email></user> is user[email]. A root <hash> names nothing.
func parseXML(body []byte, budget *int) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	root := &node{}
	if err := xmlChildren(d, root, maxLevels, budget); err != nil {
		return nil, err
	}
	if len(root.keys) != 1 {
		return nil, errXML
	}
	if root.keys[0] == "hash" {
		return root.fields["hash"], nil
	}
	return root, nil
}

// xmlChildren reads the elements and the text up to the end of n. An element
// without elements is a scalar. Names may be written with hyphens.
func xmlChildren(d *xml.Decoder, n *node, levels int, budget *int) error {
	var text strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && levels == maxLevels {
			return nil
		}
		if err != nil {
			return errXML
		}
		switch t := token.(type) {
		case xml.StartElement:
			if *budget--; *budget < 0 || levels <= 0 {
				return errTooMany
			}
			name, child := strings.ReplaceAll(t.Name.Local, "-", "_"), &node{}
			if levels == maxLevels && len(n.keys) > 0 {
				return errXML
			}
			if err := xmlChildren(d, child, levels-1, budget); err != nil {
				return err
			}
			n.set(name, child)
		case xml.EndElement:
			if len(n.keys) == 0 {
				*n = *scalarNode(strings.TrimSpace(text.String()))
			}
			return nil
		case xml.CharData:
			text.Write(t)
		}
	}
}
