package store

import (
	"context"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// CleanEmail is an e-mail without what comes along when one is pasted: blanks
// around it and characters that nobody sees, such as the direction marks of a
// contact card. Joiners stay where a script needs them.
func CleanEmail(email string) string {
	return strings.TrimSpace(DropUnseen(email, joins))
}

// DropUnseen removes the characters that nobody sees, but for those that keep
// says belong where they stand. before and after are 0 at the ends.
func DropUnseen(s string, keep func(before, r, after rune) bool) string {
	runes := append(append([]rune{0}, []rune(s)...), 0)
	var kept []rune
	for i, r := range runes[1 : len(runes)-1] {
		if !Unseen(r) || keep(runes[i], r, runes[i+2]) {
			kept = append(kept, r)
		}
	}
	return string(kept)
}

// Unseen says whether a character leaves no mark on a screen.
func Unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// joins says whether r is a joiner between two letters of a script that has
// use for one.
func joins(before, r, after rune) bool {
	return (r == '\u200c' || r == '\u200d') && joinable(before) && joinable(after)
}

func joinable(r rune) bool {
	return r > unicode.MaxLatin1 && unicode.In(r, unicode.L, unicode.M) && !Unseen(r)
}

// domains finds the one spelling of a domain: without capitals and wide forms,
// and with what is not ASCII as a browser asks the name servers for it.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// emailKey is what e-mails are compared by, regardless of case, of what nobody
// sees, of how accents are encoded, and of how the domain is spelt.
func emailKey(email string) string {
	email = CleanEmail(email)
	before, after := email, ""
	if i := strings.LastIndexByte(email, '@'); i >= 0 {
		before, after = email[:i], email[i+1:]
	}
	if after == "" {
		return folded(before)
	}
	after = strings.ReplaceAll(after, "\u1e9e", "\u00df") // IDNA makes "ss" of the capital only
	domain, err := domains.ToASCII(after)
	if err != nil {
		domain = folded(after)
	}
	never := func(_, _, _ rune) bool { return false }
	return folded(DropUnseen(before, never)) + "@" + strings.TrimSuffix(domain, ".")
}

// folded is a text regardless of case and of how accents are encoded. Folding
// may leave text that is not composed, hence the second normalisation.
func folded(s string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(s))) }

// typedEmailKey is the key of an account from before emailKey, where another one has
// that: it is found by what its owner types, letter by letter. It is the emailKey of
// nothing, so that nobody can sign up for it, and it does not fold, so that it is the
// key of no other spelling.
func typedEmailKey(email string) string {
	return "as typed " + norm.NFC.String(strings.ToLower(norm.NFC.String(strings.TrimSpace(email))))
}

// rekeyEmails gives the accounts of a file from before the key of now. Of two that
// now read the same, one is found by what its owner types only.
func (tx *txn) rekeyEmails(ctx context.Context) error {
	type account struct {
		id         int64
		email, key string
	}
	scan := func(r row) (a account, err error) { return a, r.Scan(&a.id, &a.email, &a.key) }
	accounts, err := list(ctx, tx, scan, `SELECT id, email, email_key FROM users WHERE closed_at IS NULL AND email_key NOT LIKE 'unproved %' ORDER BY id`)
	if err != nil {
		return err
	}
	const update = `
		UPDATE users
		SET
			email = ?1,
			email_key = ?2
		WHERE id = ?3 AND NOT EXISTS (SELECT 1 FROM users WHERE email_key = ?2)`
	for _, a := range accounts {
		key := emailKey(a.email)
		if key == a.key {
			continue
		}
		free, err := changed(tx.ExecContext(ctx, update, CleanEmail(a.email), key, a.id))
		if err == nil && !free {
			_, err = tx.ExecContext(ctx, update, a.email, typedEmailKey(a.email), a.id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
