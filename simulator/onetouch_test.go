package simulator_test

import (
	"fmt"
	"testing"
)

func TestAnswerOnce(t *testing.T) {
	s := newSim(t)
	ada := s.user("ada@example.com")
	uuid := s.ask(ada, `{"message":"Sign in?","details":{"Where":"Bogotá","Email Address":"a@b"},"hidden_details":{"id":"7"},"seconds_to_expire":120}`)
	s.get(fmt.Sprintf("/phones/%d/requests", ada)).want(200, `[{"uuid":"`+uuid+`","message":"Sign in?",`+
		`"details":{"Email Address":"a@b","Where":"Bogotá"},`+
		`"details_list":[{"label":"Where","value":"Bogotá"},{"label":"Email Address","value":"a@b"}],"logo":"",`+
		`"status":"pending","created_at":"2026-11-24T19:00:00.000Z","expires_at":"2026-11-24T19:02:00.000Z"}]`+"\n")

	s.tap(ada, uuid, "approve").wantStatus(200).wantIn(`"status":"approved"`)
	s.app.next()
	s.tap(ada, uuid, "deny").want(409, `{"error":"the request is not pending"}`+"\n")
	s.tap(ada, "no-such", "deny").wantStatus(404)
}
