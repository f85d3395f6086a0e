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

// The name of Nod's session cookie, and the key under which Fiber's session holds
// the id of Nod's.
const (
	cookieName = "nod_session"
	sessionRef = "session"
)

// attempt is a sign-in that has passed the password and waits for the phone.
type attempt struct {
	Cookie     string // the value of the session cookie
	Session    string // the id of Nod's session, and the hubs' key
	ApprovalID string
	UUID       string // the provider's id of the request
	AuthyID    int64
}

// fixture is a folder with the databases that every server starts with, as they are
// after a sign-up and a password for each attempt. Nod's own packages write them, but
// most passwords are hashed at minimal cost, because ten thousand at the default
// cost would take minutes.
type fixture struct {
	dir      string
	attempts []attempt
	// members sign in with a password, hashed at the default cost.
	members []string
	hash    string // of the password, at the default cost
}

const (
	password = "correct horse battery"
	firstID  = 100_000 // the first Authy id
	maxWait  = time.Hour

	nodDatabase  = "nod.db"
	nodSessions  = "nod-sessions.db"
	peerSessions = "peer-sessions.db"
)

// cheapHash are argon2id's parameters for passwords that are never checked.
var cheapHash = &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// seed writes the data of n attempts and m members to dir.
func seed(ctx context.Context, dir string, n, m int) (*fixture, error) {
	w := &fixture{dir: dir}
	if err := w.seedMembers(ctx, m); err != nil {
		return nil, fmt.Errorf("seeding members: %w", err)
	}
	if err := w.seedAttempts(ctx, n); err != nil {
		return nil, fmt.Errorf("seeding attempts: %w", err)
	}
	return w, nil
}

func (w *fixture) path(name string) string { return filepath.Join(w.dir, name) }

func (w *fixture) seedMembers(ctx context.Context, m int) error {
	db, err := store.Open(ctx, w.path(nodDatabase), store.Options{Provider: store.Authy})
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
	// The store makes the hash, so that it has the default cost.
	w.hash, err = readHash(ctx, w.path(nodDatabase), w.members[0])
	return err
}

func account(email string, authyID int) store.NewUser {
	return store.NewUser{
		Name: "Ada", Email: email, Password: password, CountryCode: 1, Handle: strconv.Itoa(authyID),
		PhoneNumber: fmt.Sprintf("+1201%07d", 5_000_000+authyID), // of its own: limits count by the number
	}
}

func (w *fixture) seedAttempts(ctx context.Context, n int) error {
	// A browser that waits for a tap gave its password within the last two minutes.
	// With the clock ahead, sessions are as recent in the last round as in the first,
	// and Nod does not update each one's time of last use.
	ahead := func() time.Time { return time.Now().Add(maxWait / 2) }
	db, err := store.Open(ctx, w.path(nodDatabase), store.Options{Provider: store.Authy, Now: ahead, PendingMax: maxWait, HashParams: cheapHash})
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
	sessions := session.New(session.Config{Storage: nod, Expiration: maxWait, KeyGenerator: rand.Text})
	app := fiber.New()
	for i := range n {
		s, err := newAttempt(ctx, db, i)
		if err != nil {
			return err
		}
		if s.Cookie, err = newCookie(app, sessions, s.Session); err != nil {
			return err
		}
		// The peers read the same cookie from a storage that does not hash its keys.
		if err := copySession(nod, peers, s.Cookie); err != nil {
			return err
		}
		w.attempts = append(w.attempts, s)
	}
	return w.writeAttempts()
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

// newAttempt does what a sign-in does, from the account to the pending request.
func newAttempt(ctx context.Context, db *store.Store, i int) (attempt, error) {
	user, err := db.CreateUser(ctx, account(fmt.Sprintf("browser-%d@example.com", i), firstID+i))
	if err != nil {
		return attempt{}, err
	}
	sess, err := db.StartSession(ctx, user.ID, "", store.Client{IP: sourceAddress(i), UserAgent: userAgent})
	if err != nil {
		return attempt{}, err
	}
	a, _, err := db.BeginApproval(ctx, sess.ID, store.KindLogin, "", maxWait)
	if err != nil {
		return attempt{}, err
	}
	uuid := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	_, err = db.AttachUUID(ctx, a.ID, uuid)
	return attempt{Session: sess.ID, ApprovalID: a.ID, UUID: uuid, AuthyID: int64(firstID + i)}, err
}

// newCookie stores a session as a request to Nod does, and returns its cookie.
func newCookie(app *fiber.App, sessions *session.Store, sessionID string) (string, error) {
	c := app.AcquireCtx(&fasthttp.RequestCtx{})
	defer app.ReleaseCtx(c)
	sess, err := sessions.Get(c)
	if err != nil {
		return "", err
	}
	cookie := sess.ID()
	sess.Set(sessionRef, sessionID)
	return cookie, sess.Save()
}

func copySession(from, to fiber.Storage, cookie string) error {
	data, err := from.Get(cookie)
	if err != nil {
		return err
	}
	return to.Set(cookie, data, maxWait)
}

func (w *fixture) attemptsFile() string { return w.path("attempts.json") }

func (w *fixture) writeAttempts() error {
	b, err := json.Marshal(w.attempts)
	if err != nil {
		return err
	}
	return os.WriteFile(w.attemptsFile(), b, 0o600)
}

func readAttempts(file string) (attempts []attempt, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return attempts, json.Unmarshal(b, &attempts)
}
