package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// disk is a file system of its own, in a file. Its power can be cut: what was not
// synced by then is gone, as it is on a machine.
type disk struct {
	image string
	dir   string // where it is mounted
}

const diskSize = 1 << 30 // of a file with holes

// newDisk makes the file system in a file that is not there yet, and mounts it.
func newDisk(ctx context.Context, image string) (d *disk, err error) {
	file, err := os.OpenFile(image, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(file.Truncate(diskSize), file.Close()); err != nil {
		return nil, err
	}
	if err := tool(ctx, "mkfs.ext4", "-q", "-F", image); err != nil {
		return nil, err
	}
	d = &disk{image: image}
	if d.dir, err = os.MkdirTemp("", "nod-disk-"); err != nil {
		return nil, err
	}
	if err := d.mount(ctx); err != nil {
		return nil, errors.Join(err, os.Remove(d.dir))
	}
	return d, nil
}

// mount has the kernel write nothing by itself for as long as it lets itself be told.
func (d *disk) mount(ctx context.Context) error {
	if err := tool(ctx, "mount", "-t", "ext4", "-o", "loop,noatime,commit=900", d.image, d.dir); err != nil {
		return err
	}
	return os.Chmod(d.dir, 0o711) // PostgreSQL runs as another user
}

// shutdown is the ioctl that ends a file system at once, EXT4_IOC_SHUTDOWN, and
// withoutLog its way that does not even write the journal.
const (
	shutdown   = 0x8004587d
	withoutLog = 2
)

// cut ends all writing at once. Programs get errors from then on.
func (d *disk) cut() error {
	dir, err := os.Open(d.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return os.NewSyscallError("shutting the disk down", unix.IoctlSetPointerInt(int(dir.Fd()), shutdown, withoutLog))
}

// restore mounts what is on the disk after a cut. Nobody may use it any more.
func (d *disk) restore(ctx context.Context) error {
	if err := d.unmount(ctx); err != nil {
		return err
	}
	return d.mount(ctx)
}

// unmount waits for the kernel, which may hold a file of a process that has ended.
func (d *disk) unmount(ctx context.Context) error {
	for {
		err := unix.Unmount(d.dir, 0)
		if !errors.Is(err, unix.EBUSY) {
			return os.NewSyscallError("unmounting", err)
		}
		if ended := pause(ctx, 20*time.Millisecond); ended != nil {
			return fmt.Errorf("%w: %w", err, ended)
		}
	}
}

// close leaves the image.
func (d *disk) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return errors.Join(d.unmount(ctx), os.Remove(d.dir))
}

func (d *disk) file(name string) string { return filepath.Join(d.dir, name) }

func tool(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}
