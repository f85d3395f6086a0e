package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// desktop is what shows the notifications of a browser: Freedesktop's interface for them,
// on a bus of its own. What is pressed there comes to the browser as a person's doing,
// which no script and no debugger can feign.
type desktop struct {
	t     *testing.T
	bus   string // its address
	conn  *dbus.Conn
	shown chan note

	mu    sync.Mutex
	notes []note // that are on the screen
	last  uint32
}

// note is a notification.
type note struct {
	id          uint32
	title, body string
	buttons     []string // what a press sends and what it says, in turn
}

const (
	notificationsName = "org.freedesktop.Notifications"
	notificationsPath = "/org/freedesktop/Notifications"
	onBody            = "default" // what a press on the notification itself sends
)

func startDesktop(t *testing.T) *desktop {
	t.Helper()
	d := &desktop{t: t, bus: startBus(t), shown: make(chan note, 1000)}
	conn, err := dbus.Connect(d.bus)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	d.conn = conn
	must(t, conn.ExportMethodTable(map[string]any{
		"GetCapabilities":      func() ([]string, *dbus.Error) { return []string{"actions", "body"}, nil },
		"GetServerInformation": func() (name, vendor, version, spec string, _ *dbus.Error) { return "desktop", "Nod", "1", "1.2", nil },
		"Notify":               d.notify,
		"CloseNotification":    d.close,
	}, notificationsPath, notificationsName))
	_, err = conn.RequestName(notificationsName, dbus.NameFlagDoNotQueue)
	must(t, err)
	return d
}

// startBus starts a bus that nothing else is on, and returns its address.
func startBus(t *testing.T) (address string) {
	t.Helper()
	// A path of t.TempDir may be too long for a socket.
	dir, err := os.MkdirTemp("", "nod-bus-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := filepath.Join(dir, "bus.conf")
	must(t, os.WriteFile(config, []byte(`<busconfig><type>session</type><listen>unix:path=`+dir+`/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`), 0o600))
	daemon := exec.Command("dbus-daemon", "--nofork", "--nopidfile", "--config-file="+config, "--print-address")
	daemon.Stderr = t.Output()
	out, err := daemon.StdoutPipe()
	must(t, err)
	if err := daemon.Start(); err != nil {
		t.Fatalf("dbus-daemon does not start (make setup installs it): %v", err)
	}
	t.Cleanup(func() {
		daemon.Process.Kill()
		daemon.Wait()
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("dbus-daemon says no address")
	}
	return lines.Text()
}

// notify shows a notification, in the place of another one where that is named.
func (d *desktop) notify(_ string, replaces uint32, _, title, body string, buttons []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := note{replaces, title, body, buttons}
	if replaces == 0 {
		d.last++
		n.id = d.last
	}
	d.forget(n.id)
	d.notes = append(d.notes, n)
	d.shown <- n
	return n.id, nil
}

func (d *desktop) forget(id uint32) {
	d.notes = slices.DeleteFunc(d.notes, func(n note) bool { return n.id == id })
}

// close takes a notification away, as the browser wishes.
func (d *desktop) close(id uint32) *dbus.Error {
	d.mu.Lock()
	d.forget(id)
	d.mu.Unlock()
	const byTheBrowser = uint32(3)
	if err := d.conn.Emit(notificationsPath, notificationsName+".NotificationClosed", id, byTheBrowser); err != nil {
		return dbus.MakeFailedError(err)
	}
	return nil
}

// next waits for the next notification.
func (d *desktop) next() note {
	d.t.Helper()
	select {
	case n := <-d.shown:
		return n
	case <-time.After(hangLimit):
		d.t.Fatal("no notification is shown")
		return note{}
	}
}

// press presses a button of a notification.
func (d *desktop) press(n note, sends string) {
	d.t.Helper()
	must(d.t, d.conn.Emit(notificationsPath, notificationsName+".ActionInvoked", n.id, sends))
}

// button is what the button with a label sends.
func (d *desktop) button(n note, label string) (sends string) {
	d.t.Helper()
	for button := range slices.Chunk(n.buttons, 2) {
		if button[1] == label {
			return button[0]
		}
	}
	d.t.Fatalf("no button of %+v says %q", n, label)
	return ""
}

// cleared waits until nothing is on the screen.
func (d *desktop) cleared() {
	d.t.Helper()
	eventually(d.t, "the notification goes", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.notes) == 0
	})
}
