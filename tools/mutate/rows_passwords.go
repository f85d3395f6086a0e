package main

// Which passwords are refused.
var passwordRows = []row{
	{what: "stolen passwords are taken", file: "passwords/passwords.go", find: "lists().stolen.TestString(folded)", put: "lists().stolen.TestString(folded) && false", test: "TestPasswordsThatAreTriedEarly"},
	{what: "a stolen password is taken in capitals", file: "passwords/passwords.go", find: "folded := strings.ToLower(password)", put: "folded := password", test: "TestPasswordsThatAreTriedEarly"},
	{what: "a word is as good as any letters", file: "passwords/parts.go", find: "note(wordPart, s.word(from, end))", put: "", test: "TestPasswordsThatAreTriedEarly"},
	{what: "a year is as good as any digits", file: "passwords/parts.go", find: "note(yearPart, yearBits)", put: "", test: "TestPasswordsThatAreTriedEarly"},
	{what: "a row of keys is as good as any letters", file: "passwords/parts.go", find: "|| s.keys(from, end)", put: "", test: "TestPasswordsThatAreTriedEarly"},
	{what: "a sequence is as good as any letters", file: "passwords/parts.go", find: "s.sequence(from, end) ||", put: "", test: "TestPasswordsThatAreTriedEarly"},
	{what: "two sequences in turn are as good as any letters", file: "passwords/parts.go", find: "|| end-from > minRow+1 && s.steps(from, end, 2)", put: "", test: "TestPasswordsThatAreTriedEarly"},
	{what: "signs that look like letters hide a word", file: "passwords/words.go", find: "return bits + leetBits", put: "return bits + 40", test: "TestPasswordsThatAreTriedEarly"},
	{what: "the owner's name is a good password", file: "passwords/parts.go", find: "note(personalPart,", put: "note(anyPart,", test: "TestPasswordsThatAreTriedEarly"},
	{what: "a repetition is as good as its length", file: "passwords/passwords.go", find: "strings.HasPrefix(string(typed[size:])", put: "size < 0 && strings.HasPrefix(string(typed[size:])", test: "TestPasswordsThatAreTriedEarly"},
	{what: "a few unrelated words are refused", file: "passwords/passwords.go", find: "enough = 35", put: "enough = 70", test: "TestPasswordsThatAreHardToGuess"},
	{what: "what is known of the owner is not asked about", file: "signin/account.go", find: "passwords.Check(password, personal...)", put: "passwords.Check(password)", test: "handlers.TestSignUpErrorsStandBesideTheirField"},
	{what: "the name of the site is a password", file: "signin/signup.go", find: "n.check(f.Site)", put: `n.check("")`, test: "handlers.TestSignUpErrorsStandBesideTheirField"},
	{what: "a sign-in begins by the password before", file: "store/sessions.go", find: "if err := tx.stillRight(ctx, u); err != nil {", put: "if err := error(nil); err != nil {", test: "TestAPasswordThatWasChangedMeanwhile"},
	{what: "the password before changes the password", file: "store/account.go", find: "if err := tx.stillRight(ctx, p.Knows); err != nil {", put: "if err := error(nil); err != nil {", test: "TestAPasswordThatWasChangedMeanwhile"},
	{what: "a hash that is replaced keeps its owner out", file: "store/authenticate.go", find: "with.renewed = s.rehash(ctx, u.ID, password, with.hash)", put: "s.rehash(ctx, u.ID, password, with.hash)", test: "TestASignInWhoseHashIsReplacedBegins"},
}
