package views

import (
	"cmp"
	"slices"
	"strings"
)

// End is how a wait can end, as the waiting page shows it: a heading, one sentence and
// one way on. Their keys are approval.NAME.title and .text, where the name is the reason,
// or the status of an end without one.
type End struct {
	State string // as data-state names it: the status, and the reason after a dash
	Mark  string // above the sentence: yes, no, late or off
	Step  int    // where the steps are, see "steps"
	Until bool   // the provider may have said when it may be asked again
	On    On

	Title, Text string // in the language of the page
	name        string // where it is another than that of the state
}

// On is the way on from an end: a form of the page, confirm or resend, or a link.
type On struct {
	Form, Href string
	Text       string
}

var (
	again  = On{Href: "/login", Text: "action.sign_in_again"}
	resend = On{Form: "resend", Text: "action.send_again"}
	code   = On{Href: "/verify-token", Text: "action.use_code"}
	inside = On{Href: "/protected", Text: "action.to_your_page"}
)

var ends = []End{
	{State: "approved", Mark: "yes", Step: 3, On: On{Form: "confirm", Text: "approval.go_on"}},
	{State: "signed_in", Mark: "yes", Step: 4, On: inside},
	{State: "denied", Mark: "no", On: again},
	{State: "expired", Mark: "late", On: resend},
	{State: "cancelled", Mark: "off", On: again},
	{State: "cancelled-by_user", Mark: "off", On: again},
	{State: "cancelled-superseded", Mark: "off", On: On{Href: "/login", Text: "approval.superseded.action"}},
	{State: "cancelled-other_method", Mark: "yes", Step: 4, On: inside},
	{State: "cancelled-unavailable", Mark: "off", Step: 2, Until: true, On: resend},
	{State: "cancelled-rate_limited", Mark: "off", Step: 2, Until: true, On: resend},
	{State: "cancelled-no_device", Mark: "off", Step: 2, On: resend},
	{State: "cancelled-push_paused", Mark: "off", Step: 2, On: code},
	{State: "cancelled-under_way", Mark: "off", Step: 2, On: code},
	{State: "cancelled-wrong_number", Mark: "no", Step: 2, On: resend},
	{State: "cancelled-phone_gone", Mark: "off", Step: 2, On: resend},
	{State: "cancelled-signed_out", Mark: "off", On: again},
	{State: "signed_out", Mark: "off", On: again, name: "cancelled"},
	{State: "signed_out-replaced", Mark: "off", On: On{Href: "/login/approval", Text: "approval.replaced.action"}},
	{State: "signed_out-email_taken", Mark: "off", On: On{Href: "/login", Text: "action.sign_in"}},
	{State: "signed_out-account_closed", Mark: "off", On: On{Href: "/", Text: "action.to_start"}},
}

// Open says whether the sign-in may go on, by another request or a code.
func (e End) Open() bool { return e.On == resend || e.On == code }

// StateOf names the state of a request on the waiting page: the most exact that there is.
func StateOf(status, reason string) string {
	exact := status + "-" + reason
	if slices.ContainsFunc(ends, func(e End) bool { return e.State == exact }) {
		return exact
	}
	return status
}

// TitleKey is the key of the heading in a state.
func TitleKey(state string) string { return key(End{State: state}, "title") }

func key(e End, part string) string {
	_, reason, _ := strings.Cut(e.State, "-")
	return "approval." + cmp.Or(e.name, reason, e.State) + "." + part
}

// waiting is what the templates of the waiting page know of its states, in one language.
type waiting struct {
	Ends  []End
	Steps []shared // by the step
	Marks []shared
	Over  string // the ends after which the sign-in may go on
	Later string // those that have no other request at once
}

// shared is what several states have in common.
type shared struct {
	Mark   string
	Step   int
	States string
}

func (text Text) waiting() waiting {
	w := waiting{Ends: slices.Clone(ends)}
	steps, marks := map[int][]string{2: {"pending"}}, map[string][]string{}
	for i, e := range w.Ends {
		on := &w.Ends[i].On
		on.Text = text(on.Text)
		w.Ends[i].Title, w.Ends[i].Text = text(key(e, "title")), text(key(e, "text"))
		steps[e.Step], marks[e.Mark] = append(steps[e.Step], e.State), append(marks[e.Mark], e.State)
		if e.Open() {
			w.Over = strings.TrimSpace(w.Over + " " + e.State)
		}
		if e.On == code {
			w.Later = strings.TrimSpace(w.Later + " " + e.State)
		}
	}
	for _, step := range []int{0, 2, 3, 4} {
		w.Steps = append(w.Steps, shared{Step: step, States: strings.Join(steps[step], " ")})
	}
	for _, mark := range []string{"yes", "no", "late", "off"} {
		w.Marks = append(w.Marks, shared{Mark: mark, States: strings.Join(marks[mark], " ")})
	}
	return w
}

// shows is what the page shows in a state; the zero End but for the step while it waits.
func shows(state string) End {
	for _, e := range ends {
		if e.State == state {
			return e
		}
	}
	return End{State: state, Step: 2}
}
