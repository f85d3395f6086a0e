package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"

	"nod/tools/ports"
	"nod/tools/postgres"
)

// site is Nod with all that it runs on. On SQLite that is one process, on PostgreSQL
// two beside each other, and the simulator.
type site struct {
	dir       string // of the logs
	binary    string
	addrs     []string
	phones    string // where the simulator listens
	processes []*process
	cluster   *postgres.Cluster // nil on SQLite
	disk      *disk             // nil where its power is not cut
}

// newSite is given the first of its ports, or 0 for any that are free now.
func newSite(dir string, e extent) *site {
	nods := 1
	if e.onPostgres() {
		nods = 2
	}
	row := ports.Row(nods + 1)
	if e.port != 0 {
		row = ports.From(e.port, nods+1)
	}
	return &site{dir: dir, binary: e.binary, addrs: row[:nods], phones: row[nods]}
}

func (s *site) origin() string {
	_, port, _ := net.SplitHostPort(s.addrs[0])
	return "http://localhost:" + port
}

// build makes the binary. It returns its path.
func build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "nod")
	return binary, tool(ctx, "go", "build", "-o", binary, "nod")
}

// prepare makes the disk and the database.
func (s *site) prepare(ctx context.Context, e extent) (err error) {
	if e.cuts > 0 {
		if s.disk, err = newDisk(ctx, filepath.Join(s.dir, "disk.img")); err != nil {
			return fmt.Errorf("power cuts need root and a disk of their own (-cuts 0 leaves them out): %w", err)
		}
	}
	if !e.onPostgres() {
		s.processes = []*process{s.process("nod", nil, s.addrs[0]+"/readyz",
			"DATABASE_URL=sqlite:"+s.file("nod.db"), "ADDR="+s.addrs[0], "SIMULATOR_ADDR="+s.phones, "APPROVAL_TTL=10m")}
		return nil
	}
	folder := ""
	if s.disk != nil {
		folder = s.disk.dir
	}
	if s.cluster, err = postgres.StartDurable(folder); err != nil {
		return err
	}
	s.severalProcesses()
	return s.cluster.Do(ctx, "postgres", "CREATE DATABASE nod")
}

func (s *site) severalProcesses() {
	const key = "AUTHY_API_KEY=a-key-for-the-simulator-alone"
	s.processes = []*process{s.process("simulator", []string{"simulator"}, s.phones+"/phones", key,
		"DATABASE_URL=sqlite:"+s.file("nod.db"), "SIMULATOR_ADDR="+s.phones,
		"SIMULATOR_CALLBACK_URL=http://"+s.addrs[0]+"/authy/callback", "SIMULATOR_CALLBACK_SIGNED_URL="+s.origin()+"/authy/callback")}
	for n, addr := range s.addrs {
		s.processes = append(s.processes, s.process(fmt.Sprintf("nod-%d", n+1), nil, addr+"/readyz", key,
			"DATABASE_URL="+s.cluster.URL("nod"), "SECRET_KEY="+strings.Repeat("k", 32), "ADDR="+addr, "PUBLIC_URL="+s.origin(),
			"AUTHY_API_URL=http://"+s.phones, "APPROVAL_TTL=10m"))
	}
}

func (s *site) process(name string, args []string, ready string, env ...string) *process {
	return &process{
		name: name, binary: s.binary, args: args, dir: s.dir, ready: "http://" + ready,
		env: append([]string{"HOME=" + s.dir, "PATH=" + os.Getenv("PATH")}, env...),
	}
}

// file is the path of a database file.
func (s *site) file(name string) string {
	if s.disk != nil {
		return s.disk.file(name)
	}
	return filepath.Join(s.dir, name)
}

// start starts what does not run, and waits until all of it is ready.
func (s *site) start(ctx context.Context) error {
	if s.cluster != nil && !s.cluster.Running() {
		if err := s.cluster.Run(); err != nil {
			return err
		}
	}
	for _, p := range s.processes {
		if p.runs() {
			continue
		}
		if err := p.start(); err != nil {
			return err
		}
	}
	for _, p := range s.processes {
		if err := p.awaitReady(ctx); err != nil {
			return err
		}
	}
	return nil
}

// cutPower ends everything at once, and brings back the disk as it was then.
func (s *site) cutPower(ctx context.Context) error {
	if err := s.disk.cut(); err != nil {
		return err
	}
	s.kill()
	if s.cluster != nil {
		if err := s.cluster.Stop(); err != nil {
			return err
		}
	}
	return s.disk.restore(ctx)
}

// stop stops all processes in order, those that others ask last.
func (s *site) stop() error {
	for n := len(s.processes) - 1; n >= 0; n-- {
		if err := s.processes[n].stop(); err != nil && !errors.Is(err, errGaveUp) {
			return err
		}
	}
	return nil
}

func (s *site) kill() {
	for _, p := range s.processes {
		p.kill()
	}
}

// close ends what runs. The logs stay, and so do the files of SQLite.
func (s *site) close() (err error) {
	s.kill()
	if s.cluster != nil {
		err = s.cluster.Close()
	}
	if s.disk != nil {
		err = errors.Join(err, s.disk.close())
	}
	return err
}

// dial reaches one of the processes, as through a proxy that passes over those that do
// not answer.
func (s *site) dial(ctx context.Context, dialer *net.Dialer) (conn net.Conn, err error) {
	for _, n := range rand.Perm(len(s.addrs)) {
		if conn, err = dialer.DialContext(ctx, "tcp", s.addrs[n]); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// countErrors counts what the logs say of errors.
func (s *site) countErrors() map[string]int {
	counts := map[string]int{}
	for _, p := range s.processes {
		p.countErrors(counts)
	}
	return counts
}
