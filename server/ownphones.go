package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nod/locales"
	"nod/metrics"
	"nod/phone"
	"nod/phone/push"
	"nod/signin"
	"nod/store"
)

// ownPhones serves phones of one's own; nil where nobody may add one, or where no
// browser makes keys for them.
func (s *site) ownPhones(db *store.Store, pages phone.Pages, words *locales.Catalogue, counts *metrics.Metrics) (*phone.Room, error) {
	if !s.Own() {
		return nil, nil
	}
	sender, err := s.pushes(db)
	if err != nil {
		return nil, err
	}
	own, err := phone.New(phone.Config{Store: db, Pages: pages, Origin: s.PublicURL, Bound: s.BoundPasskeys, Now: s.now, Logger: s.logger, Push: sender, Words: words, Pushed: counts.Pushed})
	switch {
	case errors.Is(err, phone.ErrNowhere) && (s.OwnNamed() || s.OwnOnly()):
		return nil, fmt.Errorf("phones of people's own are asked, and PUBLIC_URL is %s: %w", s.PublicURL, err)
	case errors.Is(err, phone.ErrNowhere):
		return nil, nil
	case err == nil && sender != nil:
		s.inBackground("the pushes", sender.Run)
	}
	return own, err
}

// warnOfPhonesElsewhere says how many phones a change of PUBLIC_URL has made worthless.
func (s *site) warnOfPhonesElsewhere(ctx context.Context, db *store.Store) error {
	elsewhere, err := db.OwnPhonesElsewhere(ctx, s.PublicURL)
	if err == nil && elsewhere > 0 {
		s.logger.Warn("phones of one's own were added while PUBLIC_URL was another one: they cannot answer here, and have to be added again",
			"phones", elsewhere, "public_url", s.PublicURL)
	}
	return err
}

// ownOrNone keeps nil what is nil.
func ownOrNone(own *phone.Room) signin.OwnPhones {
	if own == nil {
		return nil
	}
	return own
}

// pushes wakes phones; nil where push services cannot be told who asks.
func (s *site) pushes(db *store.Store) (*push.Sender, error) {
	subject := s.Push.Subject
	if subject == "" {
		if !strings.HasPrefix(s.PublicURL, "https://") {
			return nil, nil
		}
		subject = s.PublicURL
	}
	return push.New(push.Options{
		Key: db.PushKey(), Subject: subject, Hosts: s.Push.Hosts, Now: s.now, Logger: s.logger, Dial: s.Push.Dial, Roots: s.Push.Roots,
	})
}
