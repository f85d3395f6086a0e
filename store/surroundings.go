package store

import (
	"context"
	"net/netip"
	"strings"
)

// surroundings is the network by which the owner of an account is told of a new
// one: the /24 of an IPv4 address, the /48 of an IPv6 one. Within it addresses
// change by themselves. ip may be a network as Network names it. "" for what is no
// address.
func surroundings(ip string) string {
	ip, _, _ = strings.Cut(ip, "/")
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

// noticeNew tells the owner of an account of a sign-in by a browser or from a
// network that is new to it; sess is not written yet, known says whether its browser
// is. The first sign-in is not
// told: all of it is new. The browsers of a file from before known browsers are
// told by what they call themselves.
func (tx *txn) noticeNew(ctx context.Context, sess Session, known bool) error {
	const query = `
		SELECT
			EXISTS (SELECT 1 FROM devices WHERE user_id = ?1 AND device <> ?4),
			EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND level = 2 AND device = '' AND user_agent = ?3),
			EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND level = 2),
			EXISTS (SELECT 1 FROM sessions WHERE user_id = ?1 AND level = 2 AND network = ?2)`
	var others, sameAgent, kept, sameNetwork bool
	err := tx.QueryRowContext(ctx, query, sess.UserID, surroundings(sess.IP), sess.UserAgent, sess.Device).Scan(&others, &sameAgent, &kept, &sameNetwork)
	if err != nil {
		return err
	}
	from := Notice{UserID: sess.UserID, SessionID: sess.ID, Device: sess.Device, IP: sess.IP, UserAgent: sess.UserAgent, Place: sess.Place}
	switch {
	case (others || kept) && !known && !sameAgent:
		from.Kind = NoticeNewBrowser
	case kept && !sameNetwork:
		from.Kind = NoticeNewNetwork
	default:
		return nil
	}
	return tx.insertNotice(ctx, from)
}
