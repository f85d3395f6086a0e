package simulator

import "fmt"

// Guide tells how to point clients of the Authy API, in several languages, at
// a simulator at baseURL with this key, and whom it tells of answers.
func Guide(baseURL, key, callbackURL string) string {
	if callbackURL == "" {
		callbackURL = "nobody: set SIMULATOR_CALLBACK_URL"
	}
	return fmt.Sprintf(`The simulator speaks the Authy API at %[1]s, with the key %[2]s.
Answers of its phones are told to: %[3]s

Ruby     Authy.api_uri = "%[1]s"; Authy.api_key = "%[2]s"
Python   AuthyApiClient("%[2]s", "%[1]s")
Node     new Client({ key: "%[2]s" }, { host: "%[1]s" })
PHP      new Authy\AuthyApi("%[2]s", "%[1]s")
Java     new AuthyApiClient("%[2]s", "%[1]s", true)
Go       api := authy.NewAuthyAPI("%[2]s"); api.BaseURL = "%[1]s"
`, baseURL, key, callbackURL)
}
