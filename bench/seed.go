package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"
	"github.com/gofiber/storage/sqlite3/v2"
	"github.com/valyala/fasthttp"

	"nod/handlers"
	"nod/store"
)

// What Nod calls its cookie, and what its sessions hold.
const (
	cookieName = "nod_session"
	pointer    = "session"
)

// seat is a browser that has passed the password and waits for the tap.
type seat struct {
	Cookie     string // of Fiber's session
	Session    string // what it points to, and what the hubs know the browser by
	ApprovalID string
	UUID       string // the provider's name of the request
	AuthyID    int64
}

// world is a folder with the databases that every server is started on, as they
// are after a sign-up and a password for each seat. Nod's own packages write
// them; only the passwords are hashed for next to nothing, since ten thousand
// real ones would take minutes.
type world struct {
	dir   string
	seats []seat
	// members sign in with the password; theirs are hashed at the set cost.
	members []string
	hash    string // of the password, at the set cost
}

const (
	password = "correct horse battery"
	firstID  = 100_000 // of the phones
	patience = time.Hour
	phone    = "+12015550123"

	nodDatabase  = "nod.db"
	nodSessions  = "nod-sessions.db"
	peerSessions = "peer-sessions.db"
)

// cheap is argon2id for those whose password nobody will ask for.
var cheap = &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// seed makes a world of n seats and m members. In memory, if dir is there: it is
// copied to a disk before a server runs on it.
func seed(ctx context.Context, dir string, n, m int) (*world, error) {
	w := &world{dir: dir}
	if err := w.seedMembers(ctx, m); err != nil {
		return nil, fmt.Errorf("seeding members: %w", err)
	}
	if err := w.seedSeats(ctx, n); err != nil {
		return nil, fmt.Errorf("seeding seats: %w", err)
	}
	return w, nil
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) seedMembers(ctx context.Context, m int) error {
	db, err := store.Open(ctx, w.path(nodDatabase), store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	for i := range m {
		email := fmt.Sprintf("member-%d@example.com", i)
		if _, err := db.CreateUser(ctx, account(email, firstID-1-i)); err != nil {
			return err
		}
		w.members = append(w.members, email)
	}
	// What the hash costs is the store's to say, so that it is made by it.
	w.hash, err = readHash(ctx, w.path(nodDatabase), w.members[0])
	return err
}

func account(email string, authyID int) store.NewUser {
	return store.NewUser{
		Name: "Ada", Email: email, Password: password, PhoneNumber: phone, CountryCode: 1, Handle: strconv.Itoa(authyID),
	}
}

func (w *world) seedSeats(ctx context.Context, n int) error {
	// Who waits for a tap has signed in within the last two minutes. With their
	// clock ahead, seats are as fresh in the last round as in the first, and Nod
	// does not note for each of them that it was seen again.
	ahead := func() time.Time { return time.Now().Add(patience / 2) }
	db, err := store.Open(ctx, w.path(nodDatabase), store.Options{Now: ahead, PendingMax: patience, HashParams: cheap})
	if err != nil {
		return err
	}
	defer db.Close()
	nod, err := handlers.NewSessionStorage(w.path(nodSessions))
	if err != nil {
		return err
	}
	defer nod.Close()
	peers := sqlite3.New(sqlite3.Config{
		Database: "file:" + w.path(peerSessions) + "?_journal_mode=WAL", Table: "sessions", ConnMaxLifetime: -1,
	})
	defer peers.Close()
	sessions := session.New(session.Config{Storage: nod, Expiration: patience, KeyGenerator: rand.Text})
	app := fiber.New()
	for i := range n {
		s, err := takeSeat(ctx, db, i)
		if err != nil {
			return err
		}
		if s.Cookie, err = newCookie(app, sessions, s.Session); err != nil {
			return err
		}
		// The peers read the same cookie, from a storage without Nod's hashing.
		if err := copySession(nod, peers, s.Cookie); err != nil {
			return err
		}
		w.seats = append(w.seats, s)
	}
	return w.writeSeats()
}

func readHash(ctx context.Context, file, email string) (hash string, err error) {
	db, err := sql.Open("sqlite3", "file:"+file)
	if err != nil {
		return "", err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, `SELECT password_hash FROM users WHERE email = ?`, email).Scan(&hash)
	return hash, err
}

// takeSeat goes the way of a sign-in, from the account to the phone that rings.
func takeSeat(ctx context.Context, db *store.Store, i int) (seat, error) {
	user, err := db.CreateUser(ctx, account(fmt.Sprintf("browser-%d@example.com", i), firstID+i))
	if err != nil {
		return seat{}, err
	}
	sess, err := db.StartSession(ctx, user.ID, "", store.Client{IP: sourceAddress(i), UserAgent: userAgent})
	if err != nil {
		return seat{}, err
	}
	a, _, err := db.BeginApproval(ctx, sess.ID, store.KindLogin, "", patience)
	if err != nil {
		return seat{}, err
	}
	uuid := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	return seat{Session: sess.ID, ApprovalID: a.ID, UUID: uuid, AuthyID: int64(firstID + i)}, db.AttachUUID(ctx, a.ID, uuid)
}

// newCookie writes a session as a request to Nod does, and returns its cookie.
func newCookie(app *fiber.App, sessions *session.Store, sessionID string) (string, error) {
	c := app.AcquireCtx(&fasthttp.RequestCtx{})
	defer app.ReleaseCtx(c)
	sess, err := sessions.Get(c)
	if err != nil {
		return "", err
	}
	cookie := sess.ID()
	sess.Set(pointer, sessionID)
	return cookie, sess.Save()
}

func copySession(from, to fiber.Storage, cookie string) error {
	data, err := from.Get(cookie)
	if err != nil {
		return err
	}
	return to.Set(cookie, data, patience)
}

func (w *world) seatsFile() string { return w.path("seats.json") }

func (w *world) writeSeats() error {
	b, err := json.Marshal(w.seats)
	if err != nil {
		return err
	}
	return os.WriteFile(w.seatsFile(), b, 0o600)
}

func readSeats(file string) (seats []seat, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return seats, json.Unmarshal(b, &seats)
}
