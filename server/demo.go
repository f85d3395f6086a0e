package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"text/tabwriter"
	"time"

	"nod/config"
	"nod/handlers"
	"nod/stage"
	"nod/store"
	"nod/wire"
)

// RunDemo runs the application and the phones with people who are ready and a stage,
// until ctx ends or a listener fails. open is given the address of the stage once all
// is there.
func RunDemo(ctx context.Context, c config.Config, open func(address string), stdout io.Writer, logger *slog.Logger) error {
	s := newSite(c, logger)
	s.recorder = wire.New(s.now)
	lan, err := s.listenInLAN()
	if err == nil {
		err = s.start(ctx)
	}
	if err == nil {
		err = s.stage.Open(ctx, stage.House{
			AppURL: s.PublicURL, Origin: s.stageOrigin(), LAN: s.lanURL, Flow: s.flow.Load(), Phones: s.simulator, Wire: s.recorder, Now: s.now,
			Listens: s.listening, Hosts: networkHosts,
		})
	}
	if err == nil {
		s.serveLAN(lan)
		s.running.add("the stage", time.Second, closing(s.stage.Close))
		s.announceDemo(stdout)
		open(s.stageOrigin() + "/stage")
		err = s.wait(ctx)
	}
	return errors.Join(err, s.running.stop())
}

// refuseForeignPhones stops a demonstration, which removes every phone, beside phones
// that none has made: those of accounts that are elsewhere by now.
func (s *site) refuseForeignPhones() error {
	phones := beside(s.Database, simulatorFile)
	if s.Demo && isEmpty(s.Database) && !isEmpty(phones) {
		return s.notOfDemo(fmt.Errorf("%s: %w", phones, store.ErrNotDemo))
	}
	return nil
}

func isEmpty(path string) bool {
	info, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

// notOfDemo says what to do about a file that a demonstration must not empty.
func (s *site) notOfDemo(err error) error {
	return fmt.Errorf("%w, and nod demo would close every account in it: start it in another folder, or move or remove %s and every %s",
		err, s.Database, beside(s.Database, "*"))
}

// announceDemo says where everything is, and who is ready.
func (s *site) announceDemo(out io.Writer) {
	fmt.Fprintf(out, "The stage is at   %s/stage\n", s.stageOrigin())
	fmt.Fprintf(out, "Nod is at         %s\n", s.PublicURL)
	s.announcePhones(out, "The phones are at")
	s.announceLAN(out)
	fmt.Fprint(out, "\nThese people are ready:\n\n")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, p := range stage.People() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, p.Email, p.Password)
	}
	_ = w.Flush() // as with every line here: without a terminal the demonstration goes on
	fmt.Fprint(out, "\nEverybody who reaches these addresses may be any of them. Ctrl+C ends it.\n")
}

// stageOrigin is where the stage is: at the port of the phones, under the host name of
// the application, whose cookies belong to that.
func (s *site) stageOrigin() string {
	phones, err := url.Parse(s.phonesURL)
	if err != nil {
		return s.phonesURL
	}
	return "http://" + net.JoinHostPort(hostname(s.PublicURL), phones.Port())
}

// demo is what the pages have in a demonstration; nil elsewhere.
func (s *site) demo() *handlers.Demo {
	if !s.Demo {
		return nil
	}
	d := &handlers.Demo{Stage: s.stageOrigin()}
	for _, p := range stage.People() {
		d.People = append(d.People, handlers.DemoPerson{Name: p.Name, Email: p.Email, Password: p.Password, Way: string(p.Way)})
	}
	return d
}
