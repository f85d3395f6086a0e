package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"nod/tools/ports"
	"nod/tools/postgres"
)

const (
	moved     = "moved" // the database with the data, which the others are copies of
	secretKey = "SECRET_KEY=the-secret-key-of-the-benchmark-is-none"
)

// measureInstances measures one, two and three Nods on a PostgreSQL of their own, which
// keeps what it has committed through a power cut.
func (b *bench) measureInstances(ctx context.Context) (err error) {
	cluster, err := postgres.StartDurable("")
	if errors.Is(err, postgres.ErrMissing) {
		b.logf("instances: left out. %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
	if err := b.move(ctx, cluster); err != nil {
		return err
	}
	for n, program := range instances {
		b.logf("times: %s", program)
		if err := b.measureInstancesOf(ctx, cluster, n+1); err != nil {
			return fmt.Errorf("%s: %w", program, err)
		}
	}
	return nil
}

// move carries a copy of the data to PostgreSQL, as nod move does for anybody.
func (b *bench) move(ctx context.Context, cluster *postgres.Cluster) error {
	dir, err := b.folder("")
	if err != nil {
		return err
	}
	for _, name := range []string{nodDatabase, nodSessions} {
		if err := copyFile(b.fixture.path(name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := cluster.Do(ctx, "postgres", "CREATE DATABASE "+moved); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, b.nod, "move", "sqlite:"+nodDatabase, cluster.URL(moved))
	cmd.Dir, cmd.Env = dir, []string{secretKey}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nod move: %w: %s", err, out)
	}
	return nil
}

// serveInstances starts n Nods on a database of their own; browsers know the first.
func (b *bench) serveInstances(ctx context.Context, cluster *postgres.Cluster, n int) (all []*server, err error) {
	name := strings.ReplaceAll(instances[n-1], " ", "_")
	if err := cluster.Do(ctx, "postgres", "DROP DATABASE IF EXISTS "+name, "CREATE DATABASE "+name+" TEMPLATE "+moved); err != nil {
		return nil, err
	}
	for range n {
		addr := ports.Free()
		s := &server{addr: addr}
		public := append(all, s)[0].addr
		s.process = launch(ctx, b.dir, []string{"ADDR=" + addr, "PUBLIC_URL=http://" + public, "DATABASE_URL=" + cluster.URL(name), secretKey,
			"AUTHY_API_KEY=" + apiKey, "AUTHY_API_URL=" + b.authyURL}, b.nod)
		if err := s.run(ctx); err != nil {
			return all, err
		}
		all = append(all, s)
	}
	for _, s := range all {
		if err := s.settle(ctx); err != nil {
			return all, err
		}
	}
	return all, nil
}

// measureInstancesOf has all browsers wait at the first of n instances. Callbacks come to
// the last at a fixed rate, and then to all as fast as they are answered.
func (b *bench) measureInstancesOf(ctx context.Context, cluster *postgres.Cluster, n int) error {
	all, err := b.serveInstances(ctx, cluster, n)
	for _, s := range all {
		defer s.stop()
	}
	if err != nil {
		return err
	}
	clients, err := b.load(ctx)
	if err != nil {
		return err
	}
	defer clients.stop()
	if err := clients.open(all[0], designNod, bySocket, b.browsers); err != nil {
		return err
	}
	var addrs []string
	for _, s := range all {
		addrs = append(addrs, s.addr)
	}
	send := SendArgs{
		Addr: addrs[n-1], N: min(b.browsers/2, int(b.publishFor.Seconds()*eventsPerSecond)), Rate: eventsPerSecond, Workers: 16, Timeout: 5 * time.Second,
		Callback: &Signing{Key: apiKey, URL: "http://" + addrs[0] + "/authy/callback"},
	}
	var paced, burst Latencies
	if err := clients.do("SendEvents", send, &paced); err != nil {
		return errors.Join(err, stderrOf(all[n-1]))
	}
	send.Addr, send.Others, send.From, send.N, send.Rate, send.Workers = addrs[0], addrs[1:], send.N, b.browsers-send.N, 0, 32
	if err := clients.do("SendEvents", send, &burst); err != nil {
		return errors.Join(err, stderrOf(all[0]))
	}
	program := instances[n-1]
	b.add(tapP50, program, paced.P50.Seconds())
	b.add(tapP99, program, paced.P99.Seconds())
	b.add(tapLost, program, float64(paced.Lost+burst.Lost))
	b.add(decisions, program, float64(send.N-burst.Lost)/burst.Took.Seconds())
	return nil
}
