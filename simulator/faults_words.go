package simulator

import (
	"fmt"
	"time"
)

// apiWords and callbackWords say what a fault does, for people.
var apiWords = map[string]string{
	APIError:     "the API replies 500",
	APIRateLimit: "the API replies 429",
	APIGarbage:   "the API replies with garbage",
	APIHang:      "the API does not reply",
	APIDrop:      "the API drops connections",
}

var callbackWords = map[string]string{
	CallbackTwice:        "answers are sent twice",
	CallbackBeforeReply:  "requests are approved before the API replies",
	CallbackNever:        "answers are not sent",
	CallbackBadSignature: "answers have a bad signature",
	CallbackOldNonce:     "answers have an old nonce",
	CallbackGET:          "answers are sent by GET",
}

// words says what is wrong on purpose, a phrase for each fault.
func (f Faults) words() []string {
	words := []string{}
	add := func(in bool, phrase string) {
		if in {
			words = append(words, phrase)
		}
	}
	late := func(ms int, what string) { add(ms > 0, fmt.Sprintf("%s %s late", what, millis(ms))) }
	add(f.API != "", apiWords[f.API])
	add(f.Callback != "", callbackWords[f.Callback])
	late(f.APIDelayMS, "the API replies")
	late(f.PushDelayMS, "requests come")
	late(f.CallbackDelayMS, "answers are sent")
	add(f.RetryAfterS > 0, fmt.Sprintf("429 says: try again in %s", time.Duration(f.RetryAfterS)*time.Second))
	add(f.ClockSkewS > 0, fmt.Sprintf("the clock is %s fast", f.clockSkew()))
	add(f.ClockSkewS < 0, fmt.Sprintf("the clock is %s slow", -f.clockSkew()))
	add(f.LegacyDeviceUUID, "the device id is a string")
	return words
}
