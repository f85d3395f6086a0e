// Package openapi holds answers to the OpenAPI file that describes them. Tests pass it
// every answer that they get.
package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Document is a description.
type Document struct{ *openapi3.T }

// Read reads the file at path, and checks that it is what OpenAPI allows.
func Read(path string) (Document, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Document{}, err
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(content)
	if err == nil {
		err = doc.Validate(loader.Context)
	}
	return Document{doc}, err
}

// CheckJSON says what is wrong with an answer in JSON; one in anything else is not
// looked at. Whatever is not described may be answered by the error of any path.
func (d Document) CheckJSON(method, path string, status int, header http.Header, body []byte) error {
	if !strings.HasPrefix(header.Get("Content-Type"), "application/json") || method == http.MethodHead {
		return nil
	}
	response := d.Components.Responses["Error"].Value
	if operation := d.operation(method, path); operation != nil {
		found := operation.Responses.Status(status)
		if found == nil {
			found = operation.Responses.Default()
		}
		response = found.Value
	} else if status < 400 {
		return fmt.Errorf("%s %s answers %d in JSON and is not described", method, path, status)
	}
	content := response.Content.Get("application/json")
	if content == nil {
		return fmt.Errorf("%s %s answers %d in JSON, which is not described", method, path, status)
	}
	if err := check(content.Schema.Value, body); err != nil {
		return fmt.Errorf("%s %s answers %d with %s: %w", method, path, status, body, err)
	}
	return nil
}

// CheckSchema holds JSON to one schema of the description.
func (d Document) CheckSchema(name string, body []byte) error {
	return check(d.Components.Schemas[name].Value, body)
}

func check(schema *openapi3.Schema, body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	return schema.VisitJSON(value)
}

// operation is what describes a request; nil if nothing does.
func (d Document) operation(method, path string) *openapi3.Operation {
	for pattern, item := range d.Paths.Map() {
		if matches(pattern, path) {
			return item.GetOperation(method)
		}
	}
	return nil
}

// matches says whether a path is one of a pattern with arguments in braces.
func matches(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}
