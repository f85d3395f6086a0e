package main

// The recorder, which shows no secret, and the doctor, who lets nobody in.
var recorderRows = []row{
	{what: "any header is shown", file: "wire/mask.go", find: "case plainHeaders[name]:", put: "case true:", test: "TestMessagesAreCutOutOfTheBytes"},
	{what: "the value of a cookie is shown", file: "wire/mask.go", find: `return name + "=" + Mask`, put: "return pair + name[:0]", test: "TestMessagesAreCutOutOfTheBytes"},
	{what: "any attribute of a cookie is shown", file: "wire/mask.go", find: "parts[i+1] = Mask", put: "parts[i+1] = part", test: "TestMessagesAreCutOutOfTheBytes"},
	{what: "any field of a form is shown", file: "wire/mask.go", find: "case !isPlain(plain):", put: "case false:", test: "TestOnlyWhatIsKnownToBeHarmlessIsShown"},
	{what: "the query that a form leads back to is shown", file: "wire/mask.go", find: "case query:", put: "case query && false:", test: "TestOnlyWhatIsKnownToBeHarmlessIsShown"},
	{what: "whatever a form leads back to is shown", file: "wire/mask.go", find: "err != nil || p.maskPath(path) != path", put: "err != nil", test: "TestOnlyWhatIsKnownToBeHarmlessIsShown"},
	{what: "a code in a path is shown", file: "wire/mask.go", find: `name == "{token}" || `, put: "", test: "TestOnlyWhatIsKnownToBeHarmlessIsShown"},
	{what: "an unknown path is shown", file: "wire/mask.go", find: `return "/" + Mask`, put: "return path", test: "TestOnlyWhatIsKnownToBeHarmlessIsShown"},
	{what: "any member of a message is shown", file: "wire/mask_body.go", find: "if top == nil || !top.plain {", put: "if top == nil {", test: "TestOnlyWhatIsKnownToBeHarmlessIsShown"},
	{what: "all beneath a plain member is shown", file: "wire/mask_body.go", find: "next.all = above.all || above.plain && openNames[above.name]", put: "next.all = above.all || above.plain", test: "TestOnlyWhatIsKnownToBeHarmlessIsShown"},
	{what: "pages are shown", file: "wire/mask_body.go", find: "\tdefault:\n\t\treturn body{text: Mask}", put: "\tdefault:\n\t\treturn body{text: string(b)}", test: "server.TestTheWireShowsNoSecret"},
	{what: "a known secret is shown", file: "wire/wire.go", find: "h.Head, h.Body = r.hide(h.Head), r.hide(h.Body)", put: "", test: "TestAKnownSecretIsMaskedWhereverItStands"},
	{what: "the ring grows without end", file: "wire/wire.go", find: "len(r.hops)-drop > maxHops || r.bytes > maxBytes", put: "len(r.hops)-drop > maxHops", test: "TestTheRingIsBounded"},
	{what: "a frame of the hub is not recorded", file: "hub/conn.go", find: "w.rare.tape.Sent(b)", put: "", test: "server.TestTheOrderOfASignIn"},
	{what: "what a browser acknowledges is not recorded", file: "hub/watch_linux.go", find: "w.heard(buf[:n])", put: "", test: "server.TestTheOrderOfASignIn"},
	{what: "there is a recorder beside a real key", file: "server/site.go", find: "s.recorder = nil // never beside a real key", put: "", test: "server.TestBesideARealKeyNothingIsRecorded"},
	{what: "a callback counts for what it would match", file: "providers/authy_callback.go", find: `err = fmt.Errorf("%w: %s", err, why)`, put: "err = errors.Unwrap(errors.New(why))", test: "TestTheDoctorNamesTheMistake"},
	{what: "every callback is diagnosed", file: "providers/doctor.go", find: "now.Before(t.next) && t.next.Sub(now) <= doctorEvery", put: "false", test: "TestADiagnosisIsMadeNowAndThen"},
	{what: "a diagnosis hashes without end", file: "authy/doctor.go", find: "budget < 0", put: "false", test: "TestADiagnosisCostsLittle"},
	{what: "a wrong clock is passed over", file: "providers/doctor.go", find: "late = clockOff(nonce, now)", put: "", test: "TestTheDoctorNamesTheMistake"},
	{what: "a head with loose line ends is shown", file: "wire/mask.go", find: "if !whole || len(parts)", put: "if !whole && len(head) == 0 || len(parts)", test: "TestALooseHeadIsMaskedWhole"},
}
