package simulator

import "nod/simulator/pages"

// words says what is wrong on purpose, a phrase for each fault.
func (f Faults) words(in *pages.Language) []string {
	words := []string{}
	add := func(wrong bool, key string, args ...any) {
		if wrong {
			words = append(words, in.Text(key, args...))
		}
	}
	after := func(seconds float64, key string) { add(seconds > 0, key, "time", in.Seconds(seconds)) }
	add(f.API != "", "fault.api."+f.API)
	add(f.Callback != "", "fault.callback."+f.Callback)
	after(millis(f.APIDelayMS).Seconds(), "fault.api_late")
	after(millis(f.PushDelayMS).Seconds(), "fault.push_late")
	after(millis(f.CallbackDelayMS).Seconds(), "fault.callback_late")
	after(float64(f.RetryAfterS), "fault.retry_after")
	after(f.clockSkew().Seconds(), "fault.clock_fast")
	after(-f.clockSkew().Seconds(), "fault.clock_slow")
	add(f.LegacyDeviceUUID, "fault.legacy")
	return words
}
