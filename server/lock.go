package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"nod/config"
)

const (
	// lockPatience is how long a start waits for a process that is stopping.
	lockPatience = stopLimit
	lockRetry    = 20 * time.Millisecond
)

// lockFile makes this process the only server on a database file: two would not
// tell each other's browsers. What only reads needs no lock. The system lets go
// of it when the process ends, however that happens.
func lockFile(ctx context.Context, database string, patience time.Duration, logger *slog.Logger) (io.Closer, error) {
	path, err := lockPath(database)
	if err != nil {
		return nil, unusable(path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unusable(path, err)
	}
	if err := waitForLock(ctx, file, database, patience, logger); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	// For the message of the next; the lock does not rest on it.
	if err := errors.Join(file.Truncate(0), writePID(file)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// unusable says of the first file that is made for a database what is wrong with
// the folder: nobody has chosen the name of the lock.
func unusable(lock string, err error) error {
	var file *fs.PathError
	if errors.As(err, &file) {
		err = file.Err
	}
	return &config.Error{Problems: []string{fmt.Sprintf("DATABASE_URL: no file can be made in the folder %s: %v", filepath.Dir(lock), err)}}
}

// lockPath lies beside the file itself, whichever symbolic link led to it. A hard
// link is another name of the same standing: no path leads from one to the other.
func lockPath(database string) (string, error) {
	file, err := resolve(database)
	return file + ".lock", err
}

// maxLinks is how many symbolic links Linux follows, too.
const maxLinks = 40

// resolve follows symbolic links also to a file that does not exist yet: another
// server may be about to make it. With an error it returns where it got stuck.
func resolve(path string) (string, error) {
	for range maxLinks {
		real, err := filepath.EvalSymlinks(path)
		if err == nil {
			return real, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return path, err
		}
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return path, err
		}
		path = filepath.Join(dir, filepath.Base(path))
		target, err := os.Readlink(path)
		switch {
		case err != nil: // its first start
			return path, nil
		case filepath.IsAbs(target):
			path = target
		default:
			path = filepath.Join(dir, target)
		}
	}
	return path, errors.New("too many symbolic links")
}

func waitForLock(ctx context.Context, file *os.File, database string, patience time.Duration, logger *slog.Logger) error {
	until := time.Now().Add(patience)
	retry := time.NewTicker(lockRetry)
	defer retry.Stop()
	for first := true; ; first = false {
		err := tryLock(file)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("%s cannot be locked: %w", file.Name(), err)
		}
		if !time.Now().Before(until) {
			return fmt.Errorf("%s is in use by another Nod%s: stop that one, or set DATABASE_URL to another file", database, holder(file))
		}
		if first {
			logger.Info("another process still uses the database: waiting for it to stop", "file", database)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-retry.C:
		}
	}
}

// tryLock fails with EWOULDBLOCK if somebody else has the lock.
func tryLock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

func writePID(file *os.File) error {
	_, err := file.WriteAt([]byte(fmt.Sprintln(os.Getpid())), 0)
	return err
}

// holder says which process has the lock, if it has said so.
func holder(file *os.File) string {
	pid := make([]byte, 20)
	n, _ := file.ReadAt(pid, 0) // io.EOF, since it is shorter
	if text := strings.TrimSpace(string(pid[:n])); text != "" {
		return " (process " + text + ")"
	}
	return ""
}

// lockedElsewhere says whether another server is running on a database file.
func lockedElsewhere(database string) bool {
	path, err := lockPath(database)
	if err != nil {
		return false
	}
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close() // and with it the lock, if it was free
	return errors.Is(tryLock(file), syscall.EWOULDBLOCK)
}

// listenAfter is listen, with patience for the process before this one: while it
// stops it holds both the address and the database.
func (s *site) listenAfter(ctx context.Context, setting, addr string) (net.Listener, error) {
	ln, err := s.listen(setting, addr)
	if !errors.Is(err, errPortInUse) || s.onPostgres() || !lockedElsewhere(s.Database) {
		return ln, err
	}
	if err := s.lock(ctx, s.Database); err != nil {
		return nil, err
	}
	return s.listen(setting, addr)
}

// lock locks a database file until the site has stopped, unless it has it.
func (s *site) lock(ctx context.Context, database string) error {
	if slices.Contains(s.locked, database) {
		return nil
	}
	held, err := lockFile(ctx, database, lockPatience, s.logger)
	if err != nil {
		return err
	}
	s.locked = append(s.locked, database)
	s.running.add("the lock of "+database, stopLimit, closing(held.Close))
	return nil
}
