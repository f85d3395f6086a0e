package simulator_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"time"

	"nod/authy"
	"nod/simulator"
)

// login is the code under test. It can use any client of the Authy API, and
// knows only the simulator's address and key.
type login struct{ client *authy.Client }

func (l login) ask(ctx context.Context, user int64) (uuid string, err error) {
	return l.client.RequestApproval(ctx, user, authy.ApprovalRequest{Message: "Sign in?", SecondsToExpire: 120})
}

func (l login) admits(ctx context.Context, uuid string) bool {
	answer, err := l.client.ApprovalStatus(ctx, uuid)
	return err == nil && answer.Status == authy.StatusApproved
}

func (l login) admitsCode(ctx context.Context, user int64, code string) bool {
	return l.client.VerifyToken(ctx, user, code, "") == nil
}

// check stops at an error; a test would use t.Fatal.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// Tests a login with simulated phones: by a tap, by a code in an SMS, and by the
// app's token.
func Example() {
	ctx := context.Background()
	phones, err := simulator.New(simulator.Config{})
	check(err)
	server := httptest.NewServer(phones.Handler())
	l := login{authy.NewClient(server.URL, phones.APIKey())}
	l.client.Timeout = time.Minute // a busy machine fails no test
	ada, err := l.client.RegisterUser(ctx, authy.Registration{Email: "ada@example.com", CountryCode: 57, PhoneNumber: "3173389302"})
	check(err)

	uuid, err := l.ask(ctx, ada)
	check(err)
	fmt.Println("asked:", l.admits(ctx, uuid))
	check(phones.Approve(ctx, ada, uuid))
	fmt.Println("approved:", l.admits(ctx, uuid))

	uuid, err = l.ask(ctx, ada)
	check(err)
	check(phones.Deny(ctx, ada, uuid))
	fmt.Println("denied:", l.admits(ctx, uuid))

	_, err = l.client.SendSMS(ctx, ada, authy.SendOptions{Force: true})
	check(err)
	messages, err := phones.Messages(ada)
	check(err)
	fmt.Println("by SMS:", l.admitsCode(ctx, ada, messages[0].Code), "once more:", l.admitsCode(ctx, ada, messages[0].Code))
	token, err := phones.Token(ada)
	check(err)
	fmt.Println("by the app:", l.admitsCode(ctx, ada, token.Token))

	check(phones.Close(ctx))
	server.Close()
	// Output:
	// asked: false
	// approved: true
	// denied: false
	// by SMS: true once more: false
	// by the app: true
}
