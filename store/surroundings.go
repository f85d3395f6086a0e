package store

import (
	"context"
	"net/netip"
)

// surroundings is the network by which the owner of an account is told of a new
// one: the /24 of an IPv4 address, the /48 of an IPv6 one. Within it addresses
// change by themselves. "" for what is no address.
func surroundings(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(addr, bits).Masked().String()
}

// nameNetworks gives the sessions of a file from before their network, so that
// nobody is told of one that they have long used.
func (tx *txn) nameNetworks(ctx context.Context) error {
	scan := func(r row) (ip string, err error) { return ip, r.Scan(&ip) }
	addresses, err := list(ctx, tx, scan, `SELECT DISTINCT ip FROM sessions WHERE ip <> ''`)
	if err != nil {
		return err
	}
	for _, ip := range addresses {
		if _, err := tx.ExecContext(ctx, `UPDATE sessions SET network = ? WHERE ip = ?`, surroundings(ip), ip); err != nil {
			return err
		}
	}
	return nil
}
