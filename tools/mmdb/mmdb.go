// Package mmdb writes small files in MaxMind's format, for tests: what networks
// have which places.
//
// Owns: as much of the format as that takes.
// Promises: a file that a reader of version 2 of the format reads.
// Never: is part of the product.
package mmdb

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// Place is what the file says of a network. Empty names are left out.
type Place struct{ City, Country string }

// Write returns a file of the type, such as "GeoLite2-City". Its networks must not
// overlap.
func Write(kind string, places map[string]Place) []byte {
	var t tree
	t.add()
	var data bytes.Buffer
	for network, place := range places {
		at := data.Len()
		writeMap(&data, place.fields()...)
		t.put(netip.MustParsePrefix(network), at)
	}
	var out bytes.Buffer
	for _, node := range t {
		for _, next := range node {
			out.Write(uint32Bytes(t.record(next))[1:])
		}
	}
	out.Write(make([]byte, 16)) // separates the tree from the data
	out.Write(data.Bytes())
	out.WriteString("\xab\xcd\xefMaxMind.com")
	writeMap(&out, "binary_format_major_version", uint16(2), "binary_format_minor_version", uint16(0),
		"database_type", kind, "ip_version", uint16(6), "node_count", uint32(len(t)), "record_size", uint16(24))
	return out.Bytes()
}

func (p Place) fields() (all []any) {
	for _, f := range [][2]string{{"city", p.City}, {"country", p.Country}} {
		if f[1] != "" {
			all = append(all, f[0], []any{"names", []any{"en", f[1]}})
		}
	}
	return all
}

// tree is the search tree: each node has a next one for each bit. 0 is none, a
// positive number another node, a negative one -1 minus a place in the data.
type tree [][2]int

func (t *tree) add() int {
	*t = append(*t, [2]int{})
	return len(*t) - 1
}

// put leads the network to a place in the data. IPv4 lies in ::/96.
func (t *tree) put(network netip.Prefix, at int) {
	ip, bits := network.Addr().As16(), network.Bits()
	if network.Addr().Is4() {
		v4 := network.Addr().As4()
		ip, bits = [16]byte{}, bits+96
		copy(ip[12:], v4[:])
	}
	node := 0
	for i := range bits {
		bit := ip[i/8] >> (7 - i%8) & 1
		if i == bits-1 {
			(*t)[node][bit] = -1 - at
			return
		}
		next := (*t)[node][bit]
		if next == 0 {
			next = t.add()
			(*t)[node][bit] = next
		}
		node = next
	}
}

// record is how the file counts: nodes first, one for nothing, then the data, which
// begins 16 bytes later.
func (t *tree) record(next int) uint32 {
	switch {
	case next == 0:
		return uint32(len(*t))
	case next > 0:
		return uint32(next)
	default:
		return uint32(len(*t) + 16 - 1 - next)
	}
}

// writeMap writes a map: names and values in turn. A value that is a list is a map
// itself.
func writeMap(out *bytes.Buffer, fields ...any) {
	out.WriteByte(7<<5 | byte(len(fields)/2))
	for _, f := range fields {
		switch f := f.(type) {
		case string:
			writeText(out, f)
		case uint16:
			out.Write([]byte{5<<5 | 2, byte(f >> 8), byte(f)})
		case uint32:
			out.WriteByte(6<<5 | 4)
			out.Write(uint32Bytes(f))
		case []any:
			writeMap(out, f...)
		}
	}
}

// writeText writes at most 284 bytes.
func writeText(out *bytes.Buffer, s string) {
	if len(s) < 29 {
		out.WriteByte(2<<5 | byte(len(s)))
	} else {
		out.Write([]byte{2<<5 | 29, byte(len(s) - 29)})
	}
	out.WriteString(s)
}

func uint32Bytes(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
