package simulator

import "fmt"

// Guide tells how to point clients of the Authy API, in several languages, at
// a simulator at baseURL with this key, and whom it tells of answers.
func Guide(baseURL, key, callbackURL string) string {
	if callbackURL == "" {
		callbackURL = "nobody: set SIMULATOR_CALLBACK_URL"
	}
	return fmt.Sprintf(guide, baseURL, key, callbackURL)
}

const guide = `The simulator speaks the Authy API at %[1]s, with the key %[2]s.
Answers of its phones are told to: %[3]s

Ruby     Authy.api_uri = "%[1]s"; Authy.api_key = "%[2]s"
Python   AuthyApiClient("%[2]s", "%[1]s")
Node     authy-client: new Client({ key: "%[2]s" }, { host: "%[1]s" })
         authy:        require("authy")("%[2]s", "%[1]s")
PHP      new Authy\AuthyApi("%[2]s", "%[1]s")
Java     new AuthyApiClient("%[2]s", "%[1]s", true)
Go       api := authy.NewAuthyAPI("%[2]s"); api.BaseURL = "%[1]s"

Each registered user has a phone at %[1]s/ to tap on. Scripts do it by JSON:

  curl %[1]s/phones
  curl %[1]s/phones/ID/requests            newest first, each with its uuid
  curl -X POST %[1]s/phones/ID/requests/UUID/approve      or .../deny
  curl %[1]s/phones/ID/messages            the SMS and calls, with their codes
  curl %[1]s/phones/ID/token               the app's token; ?kind=generic for the other
  curl '%[1]s/messages?country_code=57&phone_number=3173389302'   to any number
  curl -X POST %[1]s/phones/ID -H 'Content-Type: application/json' -d '{"app_installed":false}'
  curl -X POST %[1]s/faults -H 'Content-Type: application/json' -d '{"callback":"twice"}'
  curl -X DELETE %[1]s/faults
  curl -X POST %[1]s/callback/ping         the test that Authy's dashboard sends

Callbacks are signed with the key. Verifiers of old differ; all of them accept a
request with at most one logo, labels in one letter case of which none begins
another, and no ~ or * in values. authy-client's verifyCallback also wants the
device's id as text: order the fault {"legacy_device_uuid":true}.
`
