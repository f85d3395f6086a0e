package simulator

import (
	"bytes"
	"encoding/json"
	"io"
)

var errJSON = invalidRequest("The body is not a JSON object")

// parseJSON reads an object and keeps the order of its members: a phone shows
// the details of a request in that order.
func parseJSON(body []byte, budget *int) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	token, err := d.Token()
	if err != nil || token != json.Delim('{') {
		return nil, errJSON
	}
	root, err := jsonObject(d, maxLevels, budget)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errJSON
	}
	return root, nil
}

func jsonObject(d *json.Decoder, levels int, budget *int) (*node, error) {
	n := &node{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errJSON
		}
		value, err := jsonValue(d, levels-1, budget)
		if err != nil {
			return nil, err
		}
		n.set(name.(string), value) // Token returns nothing else here
	}
	return n, endOf(d)
}

func jsonList(d *json.Decoder, levels int, budget *int) (*node, error) {
	n := &node{}
	for d.More() {
		value, err := jsonValue(d, levels-1, budget)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, value)
	}
	return n, endOf(d)
}

// endOf reads the closing bracket.
func endOf(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errJSON
	}
	return nil
}

func jsonValue(d *json.Decoder, levels int, budget *int) (*node, error) {
	if *budget--; *budget < 0 || levels <= 0 {
		return nil, errTooMany
	}
	token, err := d.Token()
	if err != nil {
		return nil, errJSON
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return jsonObject(d, levels, budget)
		}
		return jsonList(d, levels, budget)
	case string:
		return scalarNode(v), nil
	case json.Number:
		return scalarNode(v.String()), nil
	case bool:
		if v {
			return scalarNode("true"), nil
		}
		return scalarNode("false"), nil
	default:
		return &node{}, nil
	}
}
