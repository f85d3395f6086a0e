package command

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nod/tools/ports"

	"github.com/fasthttp/websocket"
	"golang.org/x/sys/unix"
)

// child is the program in a process of its own, which ends with the test.
func child(t *testing.T, settings ...string) (p *program, process *os.Process) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	addr, phones := ports.Free(), ports.Free()
	dir := t.TempDir()
	cmd := exec.Command(self)
	cmd.Dir = dir
	cmd.Env = append([]string{beInstance + "=1", "HOME=" + dir, "ADDR=" + addr, "SIMULATOR_ADDR=" + phones}, settings...)
	log := &transcript{}
	cmd.Stdout, cmd.Stderr = log, log
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("its log:\n%s", log)
		}
	})
	p = &program{t: t, url: "http://localhost:" + port(t, addr), phones: "http://localhost:" + port(t, phones)}
	for !strings.Contains(log.String(), lastWords) {
		if strings.Contains(log.String(), "nod: ") {
			t.Fatalf("it did not start:\n%s", log)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return p, cmd.Process
}

// A process that was suspended goes on where it was: what came meanwhile counts.
func TestASuspendedProcessGoesOn(t *testing.T) {
	p, process := child(t)
	jar, err := cookiejar.New(nil)
	must(t, err)
	signUp(t, &http.Client{Jar: jar}, p.url)
	dialer := websocket.Dialer{Jar: jar}
	socket, _, err := dialer.DialContext(t.Context(), strings.Replace(p.url, "http", "ws", 1)+"/login/events", http.Header{"Origin": {p.url}})
	must(t, err)
	defer socket.Close()
	if _, word, err := socket.ReadMessage(); err != nil || !strings.Contains(string(word), `"pending"`) {
		t.Fatalf("the page was told %s, %v", word, err)
	}
	request := newestRequest(t, p.phones)
	var stopped unix.WaitStatus
	must(t, process.Signal(syscall.SIGSTOP))
	_, err = unix.Wait4(process.Pid, &stopped, unix.WUNTRACED, nil)
	must(t, err)
	if !stopped.Stopped() {
		t.Fatalf("the process has ended: %v", stopped)
	}
	// The kernel takes the tap.
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.phones, "http://"))
	must(t, err)
	defer conn.Close()
	tap, err := http.NewRequestWithContext(t.Context(), http.MethodPost, request+"/approve", http.NoBody)
	must(t, err)
	tap.Header.Set("Content-Type", "application/json")
	must(t, tap.Write(conn))
	must(t, process.Signal(syscall.SIGCONT))
	res, err := http.ReadResponse(bufio.NewReader(conn), tap)
	must(t, err)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the tap: got %d", res.StatusCode)
	}
	must(t, socket.SetReadDeadline(time.Now().Add(stopDeadline)))
	for word := []byte{}; !strings.Contains(string(word), `"approved"`); {
		_, word, err = socket.ReadMessage()
		must(t, err)
	}
}

// beSet names a file that says by how much the clock of such a process is set.
const beSet = "NOD_TEST_SET"

// setBy is what such a file says; one that is not there is a clock that is right.
func setBy(file string) time.Duration {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	by, err := time.ParseDuration(string(text))
	if err != nil {
		panic(err)
	}
	return by
}

// The clock of the machine is set while people wait: back, and everything goes on by the time
// that passes; forward, and what that makes too old ends, and nothing else.
func TestTheClockIsSet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "set")
	set := func(by time.Duration) {
		must(t, os.WriteFile(file+".new", []byte(by.String()), 0o600))
		must(t, os.Rename(file+".new", file))
	}
	p, _ := child(t, beSet+"="+file)
	ada, bob, cleo := p.person(), somebody(t), somebody(t)
	wantIn := func(when string) {
		t.Helper()
		if page := p.page(ada, "/protected"); !strings.Contains(page, "Welcome, Ada") {
			t.Errorf("who was signed in is not, %s", when)
		}
	}
	p.wantWaiting(bob, 1)
	told := p.told(bob)
	set(-time.Hour)
	if now := p.told(bob); now.Before(told) {
		t.Errorf("set back by an hour, the page is told that it is %v, after %v", now, told)
	}
	wantIn("set back by an hour")
	approveAll(t, p.phones)
	for !strings.Contains(p.page(bob, "/authy/status"), `"approved"`) {
	}
	p.wantWaiting(cleo, 2)

	set(10 * time.Minute)
	wantIn("set forward by ten minutes")
	if state := p.page(cleo, "/authy/status"); !strings.Contains(state, `"expired"`) {
		t.Errorf("who has waited for ten minutes is told %s", state)
	}
	p.wantWaiting(somebody(t), 3)

	set(48 * time.Hour)
	if page := p.page(ada, "/protected"); strings.Contains(page, "Welcome, Ada") {
		t.Error("after two days who was signed in still is")
	}
	p.wantHealed(4)
}

// told is the time that a page is told.
func (p *program) told(browser *http.Client) time.Time {
	p.t.Helper()
	var state struct {
		ServerTime time.Time `json:"server_time"`
	}
	must(p.t, json.Unmarshal([]byte(p.page(browser, "/authy/status")), &state))
	return state.ServerTime
}

// wantWaiting signs a browser up, whose page waits then.
func (p *program) wantWaiting(browser *http.Client, number int) {
	p.t.Helper()
	status, said := p.signsUp(browser, number)
	if state := p.page(browser, "/authy/status"); status != http.StatusSeeOther || !strings.Contains(state, `"pending"`) {
		p.t.Fatalf("a sign-up got %d: %s; the page is told %s", status, said, state)
	}
}

// wantRefused is a sign-up that cannot be kept, and is told so.
func (p *program) wantRefused(number int, words string) {
	p.t.Helper()
	p.wantRefusedIn(somebody(p.t.(*testing.T)), number, words)
}

// wantRefusedIn is wantRefused in a browser.
func (p *program) wantRefusedIn(browser *http.Client, number int, words string) {
	p.t.Helper()
	status, said := p.signsUp(browser, number)
	if status != http.StatusServiceUnavailable || !strings.Contains(said, words) {
		p.t.Errorf("a sign-up got %d: %s", status, said)
	}
}

// wantHealed waits until the program is ready again, and signs somebody up.
func (p *program) wantHealed(number int) {
	t := p.t.(*testing.T)
	t.Helper()
	for get(t, p.url+"/readyz").StatusCode != http.StatusOK {
		time.Sleep(5 * time.Millisecond)
	}
	if status, said := p.signsUp(somebody(t), number); status != http.StatusSeeOther {
		t.Errorf("a sign-up got %d: %s", status, said)
	}
}

// A database that was moved away is written by nobody: what is told as done would be
// lost with the process. Put back, everything goes on.
func TestTheDatabaseIsMovedAway(t *testing.T) {
	dir := t.TempDir()
	p := start(t, lastWords, nil, "DATABASE_URL", "sqlite:"+dir+"/nod.db")
	ada := p.person()
	must(t, os.Rename(dir+"/nod.db", dir+"/away.db"))
	p.wantRefused(1, "We can’t save anything right now")
	if page := p.page(ada, "/protected"); !strings.Contains(page, "Welcome, Ada") {
		t.Error("who was signed in is not")
	}
	must(t, os.Rename(dir+"/away.db", dir+"/nod.db"))
	p.wantHealed(2)
	p.end()
}

// Another program holds the database for longer than anybody waits: who writes is told
// so, and who waits for a phone goes on waiting.
func TestTheDatabaseIsLocked(t *testing.T) {
	dir := t.TempDir()
	p := start(t, lastWords, nil, "DATABASE_URL", "sqlite:"+dir+"/nod.db")
	jar, err := cookiejar.New(nil)
	must(t, err)
	waits := &http.Client{Jar: jar}
	signUp(t, waits, p.url)
	other, err := sql.Open("sqlite3", "file:"+dir+"/nod.db?_txlock=immediate&_busy_timeout=60000")
	must(t, err)
	defer other.Close()
	held, err := other.Begin()
	must(t, err)
	p.wantRefused(1, "The server is busy")
	if state := p.page(waits, "/authy/status"); !strings.Contains(state, `"pending"`) {
		t.Errorf("who waits is told %s", state)
	}
	must(t, held.Rollback())
	p.wantHealed(2)
	p.end()
}

// The kernel makes a disk read-only when it finds a fault on it, and nobody may write
// there until it was unmounted: what was acknowledged is there then. Where only the files
// were made read-only, everything goes on once they may be written.
func TestTheDiskTurnsReadOnly(t *testing.T) {
	dir, fail, again := faultyDisk(t)
	settings := []string{"ADDR", ports.Free(), "DATABASE_URL", "sqlite:" + dir + "/nod.db"}
	p := start(t, lastWords, nil, settings...)
	ada := p.person()
	fail()
	p.wantRefused(1, "We can’t save anything right now")
	if page := p.page(ada, "/protected"); !strings.Contains(page, "Welcome, Ada") {
		t.Error("who was signed in is not")
	}
	if status := get(t, p.url+"/readyz").StatusCode; status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d", status)
	}
	p.stop()
	<-p.ended // with an error: the databases could not be closed well
	again()
	p = start(t, lastWords, nil, settings...)
	if page := p.page(ada, "/protected"); !strings.Contains(page, "Welcome, Ada") {
		t.Error("who was signed in is not, after a restart")
	}
	p.wantHealed(2)
	files, err := filepath.Glob(dir + "/nod*[bl]") // .db and -wal; -shm is only memory that they share
	must(t, err)
	must(t, tool("chattr", append([]string{"+i"}, files...)...))
	p.wantRefused(3, "We can’t save anything right now")
	must(t, tool("chattr", append([]string{"-i"}, files...)...))
	p.wantHealed(4)
	p.end()
}

// faultyDisk is a folder on a disk in which fail makes the kernel find a fault; again
// mounts it anew.
func faultyDisk(t *testing.T) (dir string, fail, again func()) {
	t.Helper()
	dir, image := t.TempDir(), filepath.Join(t.TempDir(), "disk.img")
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 32<<20))
	mount := func() error { return tool("mount", "-t", "ext4", "-o", "loop,errors=remount-ro", image, dir) }
	err := tool("mkfs.ext4", "-q", "-F", image)
	if err == nil {
		err = mount()
	}
	if err != nil {
		if os.Getenv("NOD_TEST_ALL") != "" && os.Getuid() == 0 {
			t.Fatal(err)
		}
		t.Skipf("a disk of its own cannot be mounted here: %v", err)
	}
	unmount := func() { must(t, tool("umount", dir)) }
	t.Cleanup(unmount)
	fail = func() {
		source, err := exec.Command("findmnt", "-no", "SOURCE", dir).Output()
		must(t, err)
		device := filepath.Base(strings.TrimSpace(string(source)))
		must(t, os.WriteFile("/sys/fs/ext4/"+device+"/trigger_fs_error", []byte("a fault of a test"), 0o200))
	}
	return dir, fail, func() { unmount(); must(t, mount()) }
}

func tool(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}
