package simulator

import "fmt"

// Guide explains how clients of the Authy API, in several languages, use the
// simulator at baseURL with this key. callbackURL is where it sends answers, ""
// for nowhere.
func Guide(baseURL, key, callbackURL string) string {
	if callbackURL == "" {
		callbackURL = "nowhere: set SIMULATOR_CALLBACK_URL"
	}
	return fmt.Sprintf(guide, baseURL, key, callbackURL)
}

const guide = `The simulator speaks the Authy API at %[1]s, with the key %[2]s.
It sends callbacks to: %[3]s

Ruby     authy 3.0.1
           Authy.api_uri = "%[1]s"; Authy.api_key = "%[2]s"
Python   authy 2.2.6
           from authy.api import AuthyApiClient
           client = AuthyApiClient("%[2]s", "%[1]s")
Node     authy-client 1.1.4
           const { Client } = require("authy-client")
           client = new Client({ key: "%[2]s" }, { host: "%[1]s" })
         authy 1.4.0
           client = require("authy")("%[2]s", "%[1]s")
PHP      authy/php 3.0
           $client = new Authy\AuthyApi("%[2]s", "%[1]s");
Java     authy-java 1.5.0; without the last argument it requires https
           client = new com.authy.AuthyApiClient("%[2]s", "%[1]s", true);
Go       github.com/dcu/go-authy v1.0.1; simulator/testdata/go-authy/go.mod pins what it needs
           api := authy.NewAuthyAPI("%[2]s")
           api.BaseURL = "%[1]s"
           api.UserStatus("100001", url.Values{})    // not nil: the client adds the key to it

A slash at the end of the address does no harm. The API answers under every name,
the pages under localhost, the listener's address and those in SIMULATOR_HOSTS.
The tests run authy-client, authy (Node) and go-authy as published. Of the clients
for Ruby, Python, PHP and Java they send what those send, written by hand.

Each registered user has a phone at %[1]s/. Scripts use its JSON:

  curl %[1]s/phones
  curl %[1]s/phones/ID/requests            newest first, each with its uuid
  curl -X POST %[1]s/phones/ID/requests/UUID/approve      or .../deny
  curl %[1]s/phones/ID/messages            the SMS and calls, with their codes
  curl %[1]s/phones/ID/token               the app's token; ?kind=generic for the other authenticator's
  curl '%[1]s/messages?country_code=57&phone_number=3173389302'   messages to any number
  curl -X POST %[1]s/phones/ID -H 'Content-Type: application/json' -d '{"app_installed":false}'
  curl -X POST %[1]s/faults -H 'Content-Type: application/json' -d '{"callback":"twice"}'
  curl -X DELETE %[1]s/faults
  curl -X POST %[1]s/callback/ping         the test that Authy's dashboard sends

POST %[1]s/phones scans a QR code (authy://account?token=JWT) that
registers a user by an id of the application's own: docs/simulator.md, "Registration
by QR code".

A callback that the application did not take is sent again until the request's
deadline. Callbacks are signed with the key, over the URL in
SIMULATOR_CALLBACK_SIGNED_URL if that is set. Older verifiers differ; all of them accept a
request with at most one logo, labels in one letter case of which none is a
prefix of another, and no ~ or * in values. The verifyCallback of authy-client
also needs the device id as a string: inject {"legacy_device_uuid":true}.
`
