package command

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// The stage check tries the real thing: a fault of the callbacks makes one line of it
// red, which says what to do, and no other.
func TestTheStageIsChecked(t *testing.T) {
	p := startDemo(t)
	try := func(what string) (got struct {
		OK       bool
		Said, Do string
	}) {
		res, err := http.PostForm(p.phones+"/stage/check", url.Values{"what": {what}, "now": {strconv.FormatInt(time.Now().UnixMilli(), 10)}})
		must(t, err)
		must(t, json.Unmarshal([]byte(p.browser().text(res)), &got))
		return got
	}
	for _, what := range []string{"callback", "socket", "clock", "ports"} {
		if got := try(what); !got.OK || got.Said == "" || got.Do != "" {
			t.Errorf("%s: got %+v", what, got)
		}
	}
	if _, problem := p.play("replay", ""); problem == "" {
		t.Error("the callback of a check is taken for one of a phone")
	}
	p.browser().text(second(http.PostForm(p.phones+"/faults", url.Values{"callback": {"bad_signature"}})))
	if got := try("callback"); got.OK || got.Do == "" {
		t.Errorf("with a wrong signature: got %+v", got)
	}
	if got := try("socket"); !got.OK {
		t.Errorf("and the socket: got %+v", got)
	}
	res, err := http.PostForm(p.phones+"/stage/check", nil)
	must(t, err)
	if p.browser().text(res); res.StatusCode != http.StatusBadRequest {
		t.Errorf("nothing is tried, and the answer is %d", res.StatusCode)
	}
	p.end()
}
