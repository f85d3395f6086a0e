// Package postgres starts a PostgreSQL for tests and measurements: a cluster of its
// own, in a folder of its own, that nobody reaches but by a socket in that folder. It
// never uses one that is there already.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing: no PostgreSQL is installed.
var ErrMissing = errors.New("PostgreSQL is not installed: make setup installs it")

// Cluster is a running server.
type Cluster struct {
	dir     string
	bin     string
	durable bool
	cred    *syscall.Credential // PostgreSQL refuses to run as root

	process  *exec.Cmd
	lifeline io.WriteCloser // the server ends when this closes, however that happens
}

// Start makes a cluster and starts it. Its data is not meant to outlive a power cut.
func Start() (*Cluster, error) { return start(memory(), false) }

// StartDurable makes a cluster in a folder, "" for that of temporary files, and starts
// it. What it has committed outlives a power cut.
func StartDurable(folder string) (*Cluster, error) { return start(folder, true) }

func start(folder string, durable bool) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(folder, "nod-pg-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, bin: bin, durable: durable}
	if err = c.make(); err == nil {
		err = c.Run()
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// memory is a folder that is kept in memory, where there is one with room: a database has
// hundreds of files, which cost most of the time of a short test on a disk. "" if not.
func memory() string {
	const folder, room = "/dev/shm", 2 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < room {
		return ""
	}
	return folder
}

// binaries finds the newest version that is installed.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", ErrMissing
	}
	return filepath.Dir(path), nil
}

func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

func (c *Cluster) make() error {
	if os.Getuid() == 0 {
		if err := c.leaveRoot(); err != nil {
			return err
		}
	}
	args := []string{"--pgdata", c.data(), "--username", "nod", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-instructions"}
	if !c.durable {
		args = append(args, "--no-sync")
	}
	if out, err := c.command("initdb", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

// leaveRoot gives the folder to another user, and has everything run as that.
func (c *Cluster) leaveRoot() error {
	owner, err := user.Lookup("postgres")
	if err != nil {
		if owner, err = user.Lookup("nobody"); err != nil {
			return err
		}
	}
	uid, err := strconv.Atoi(owner.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(owner.Gid)
	if err != nil {
		return err
	}
	c.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(c.dir, uid, gid)
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.cred, Setpgid: true}
	return cmd
}

// guarded starts a server and ends it at once when its standard input does. It removes
// the folder then, unless it was told to keep it.
const guarded = `"$@" >>log 2>&1 & server=$!
read -r word
kill -QUIT $server; wait $server
[ "$word" = keep ] || rm -rf "$PWD"`

// settings are of a server that has many short databases; hasty are further ones of a
// server that loses nothing of value in a power cut. What it has committed outlives Stop,
// which synchronous_commit=off would not promise.
var (
	settings = []string{
		"wal_level=minimal", "max_wal_senders=0", "max_connections=400", "shared_buffers=64MB", "listen_addresses=", "autovacuum=off", "jit=off",
	}
	hasty = []string{"fsync=off", "full_page_writes=off"}
)

// Run starts the server, or starts it again after Stop, and returns once it answers.
func (c *Cluster) Run() (err error) {
	args := []string{"-c", guarded, "sh", filepath.Join(c.bin, "postgres"), "-D", c.data(), "-k", c.dir}
	set := settings
	if !c.durable {
		set = append(slices.Clone(settings), hasty...)
	}
	for _, s := range set {
		args = append(args, "-c", s)
	}
	c.process = c.command("postgres")
	c.process.Path, c.process.Args = "/bin/sh", append([]string{"sh"}, args...)
	if c.lifeline, err = c.process.StdinPipe(); err != nil {
		return err
	}
	if err := c.process.Start(); err != nil {
		return err
	}
	return c.wait()
}

func (c *Cluster) wait() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
			return fmt.Errorf("the server did not start: %w\n%s", err, log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// URL is that of a database, whether or not it is there.
func (c *Cluster) URL(database string) string {
	return "postgres://nod@/" + database + "?host=" + c.dir
}

// Running says whether the server was started and not stopped since.
func (c *Cluster) Running() bool { return c.process != nil }

// Stop ends the server in the middle of whatever it does. Run starts it again on the
// same data.
func (c *Cluster) Stop() error {
	if c.process == nil {
		return nil
	}
	_, err := io.WriteString(c.lifeline, "keep\n")
	return errors.Join(err, c.end())
}

func (c *Cluster) end() error {
	err := c.lifeline.Close()
	_ = c.process.Wait() // with the status of what it has killed
	c.process = nil
	return err
}

// Close ends the server and removes its data.
func (c *Cluster) Close() error {
	var err error
	if c.process != nil {
		err = c.end()
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}

// Do runs statements on a database.
func (c *Cluster) Do(ctx context.Context, database string, statements ...string) error {
	conn, err := pgx.Connect(ctx, c.URL(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
