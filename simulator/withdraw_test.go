package simulator_test

import "testing"

const withdrawPath = "/onetouch/json/approval_requests/"

// What the application no longer waits for is withdrawn on the phone, at once, and
// cannot be answered any more. Clients of the API see a status that they know.
func TestAWithdrawnRequest(t *testing.T) {
	for _, why := range []string{"cancelled", "replaced", "elsewhere", "withdrawn", ""} {
		t.Run(why, func(t *testing.T) {
			s := newAda(t)
			uuid := s.ask(ada, "message=x")
			p := s.watch(ada)
			p.until(`"status":"pending"`)
			body := "reason=" + why
			if why == "" {
				body, why = "", "withdrawn"
			}
			s.call("POST", withdrawPath+uuid+"/withdraw", body).want(200, `{"withdrawn":true,"success":true}`)
			p.until(`"status":"withdrawn"`, `"why":"`+why+`"`)
			s.tap(ada, uuid, "approve").wantStatus(409)
			s.status(uuid).wantIn(`"status":"expired"`)
			if got := s.app.all(); len(got) > 0 {
				t.Errorf("got %d callbacks, want none", len(got))
			}
		})
	}
}

// Only what waits can be withdrawn.
func TestWithdrawingChangesNothingThatHasEnded(t *testing.T) {
	s := newAda(t)
	uuid := s.ask(ada, "message=x")
	s.tap(ada, uuid, "approve").wantStatus(200)
	s.call("POST", withdrawPath+uuid+"/withdraw", "").want(200, `{"withdrawn":false,"success":true}`)
	s.get("/phones/100001/requests").wantIn(`"status":"approved"`)
	s.call("POST", withdrawPath+"nothing/withdraw", "").wantStatus(404)
	s.call("POST", withdrawPath+uuid+"/withdraw", "reason=boredom").wantStatus(400)
	s.call("GET", withdrawPath+uuid+"/withdraw", "").wantStatus(404)
}

// A phone says how far its answer has come, and no more.
func TestAPhoneKnowsHowFarItsAnswerHasCome(t *testing.T) {
	s := newAda(t)
	p := s.watch(ada)
	uuid := s.ask(ada, "message=x")
	s.tap(ada, uuid, "approve").wantStatus(200)
	p.until(`"status":"approved"`, `"delivery":"delivered"`)

	s.inject(`{"callback":"never"}`)
	uuid = s.ask(ada, "message=y")
	s.tap(ada, uuid, "deny").wantIn(`"delivery":"undelivered"`)

	s.inject(`{"callback":""}`)
	s.app.status <- 401 // its last word
	uuid = s.ask(ada, "message=z")
	s.tap(ada, uuid, "deny").wantIn(`"delivery":"sending"`)
	p.until(`"message":"z"`, `"delivery":"undelivered"`)
}
