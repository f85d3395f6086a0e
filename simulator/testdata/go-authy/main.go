// Command go-authy-worker runs the client github.com/dcu/go-authy. It reads
// steps as lines of JSON, {"call":"UserStatus","args":["1635"]}, and answers
// each with a line: {"status":200,"valid":true,"reply":{…}} or {"error":"…"}.
// Its arguments are the API's address and key.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/dcu/go-authy"
)

// step is a call to make: arguments in the client's order, numbers as text.
type step struct {
	Call    string            `json:"call"`
	Args    []string          `json:"args"`
	Details map[string]string `json:"details"` // of an approval request
	Params  map[string]string `json:"params"`  // added to the call's own
}

// outcome is the result of a step: the reply as the client sees it.
type outcome struct {
	Status int    `json:"status,omitempty"`
	Valid  bool   `json:"valid"` // as the client judges it
	Reply  any    `json:"reply,omitempty"`
	Error  string `json:"error,omitempty"`
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: go-authy-worker URL KEY")
	}
	api := authy.NewAuthyAPI(os.Args[2])
	api.BaseURL = os.Args[1]
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var s step
		if err := in.Decode(&s); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(execute(api, s)); err != nil {
			log.Fatal(err)
		}
	}
}

func execute(api *authy.Authy, s step) outcome {
	call, ok := calls[s.Call]
	if !ok {
		return outcome{Error: fmt.Sprintf("no call is named %q", s.Call)}
	}
	params := url.Values{}
	for name, value := range s.Params {
		params.Set(name, value)
	}
	o, err := call(api, s, params)
	if err != nil {
		return outcome{Error: err.Error()}
	}
	return o
}

var calls = map[string]func(*authy.Authy, step, url.Values) (outcome, error){
	"RegisterUser": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		country, err := strconv.Atoi(s.Args[1])
		if err != nil {
			return outcome{}, err
		}
		u, err := api.RegisterUser(s.Args[0], country, s.Args[2], p)
		return seen(u, err, func() (**http.Response, bool) { return &u.HTTPResponse, u.Valid() })
	},
	"UserStatus": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		u, err := api.UserStatus(s.Args[0], p)
		return seen(u, err, func() (**http.Response, bool) { return &u.HTTPResponse, u.Success })
	},
	"SendApprovalRequest": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		r, err := api.SendApprovalRequest(s.Args[0], s.Args[1], s.Details, p)
		return seen(r, err, func() (**http.Response, bool) { return &r.HTTPResponse, r.Valid() })
	},
	"FindApprovalRequest": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		r, err := api.FindApprovalRequest(s.Args[0], p)
		return seen(r, err, func() (**http.Response, bool) { return &r.HTTPResponse, r.Valid() })
	},
	"WaitForApprovalRequest": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		longest, err := time.ParseDuration(s.Args[1])
		if err != nil {
			return outcome{}, err
		}
		status, err := api.WaitForApprovalRequest(s.Args[0], longest, p)
		return outcome{Valid: err == nil, Reply: status}, err
	},
	"RequestSMS": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		r, err := api.RequestSMS(s.Args[0], p)
		return seen(r, err, func() (**http.Response, bool) { return &r.HTTPResponse, r.Valid() })
	},
	"RequestPhoneCall": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		r, err := api.RequestPhoneCall(s.Args[0], p)
		return seen(r, err, func() (**http.Response, bool) { return &r.HTTPResponse, r.Valid() })
	},
	"VerifyToken": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		v, err := api.VerifyToken(s.Args[0], s.Args[1], p)
		return seen(v, err, func() (**http.Response, bool) { return &v.HTTPResponse, v.Valid() })
	},
	"StartPhoneVerification": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		country, err := strconv.Atoi(s.Args[0])
		if err != nil {
			return outcome{}, err
		}
		v, err := api.StartPhoneVerification(country, s.Args[1], s.Args[2], p)
		return seen(v, err, func() (**http.Response, bool) { return &v.HTTPResponse, v.Success })
	},
	"CheckPhoneVerification": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		country, err := strconv.Atoi(s.Args[0])
		if err != nil {
			return outcome{}, err
		}
		v, err := api.CheckPhoneVerification(country, s.Args[1], s.Args[2], p)
		return seen(v, err, func() (**http.Response, bool) { return &v.HTTPResponse, v.Success })
	},
	// For the paths that the client has no method for.
	"DoRequest": func(api *authy.Authy, s step, p url.Values) (outcome, error) {
		response, err := api.DoRequest(s.Args[0], s.Args[1], p)
		if err != nil {
			return outcome{}, err
		}
		defer response.Body.Close()
		var body any
		err = json.NewDecoder(response.Body).Decode(&body)
		return outcome{Status: response.StatusCode, Valid: response.StatusCode == http.StatusOK, Reply: body}, err
	},
}

// seen removes the response from a reply, because it cannot be encoded as JSON.
// look is not called after an error.
func seen(reply any, err error, look func() (response **http.Response, valid bool)) (outcome, error) {
	if err != nil {
		return outcome{}, err
	}
	response, valid := look()
	o := outcome{Status: (*response).StatusCode, Valid: valid, Reply: reply}
	*response = nil
	return o, nil
}
