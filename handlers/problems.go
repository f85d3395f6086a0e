package handlers

import "nod/signin"

// problemTexts are the sentences beside the fields of a form.
var problemTexts = map[signin.Problem]string{
	signin.NameMissing:        "Please tell us your name.",
	signin.NameTooLong:        "Please shorten the name to 100 characters.",
	signin.EmailMissing:       "Please give your e-mail address.",
	signin.EmailMalformed:     "This does not look like an e-mail address. It should read like name@example.com.",
	signin.EmailTaken:         "This e-mail cannot be used for a new account. If it is yours, sign in instead.",
	signin.EmailRefused:       "The phone service does not accept this e-mail address.",
	signin.PasswordMissing:    "Please choose a password.",
	signin.PasswordUnreadable: "This password cannot be read. Please type it again.",
	signin.PasswordTooShort:   "Please choose at least 8 characters. A few words in a row work well.",
	signin.PasswordTooLong:    "Please choose at most 256 characters.",
	signin.PasswordGuessable:  "This password is easy to guess: it is common, or made of your name or e-mail. Please choose another; a few unrelated words work well.",
	signin.CountryMissing:     "Please choose the country of your phone.",
	signin.CountryRefused:     "The phone service does not serve this country.",
	signin.PhoneMissing:       "Please give the number of your phone.",
	signin.PhoneMalformed:     "This does not look like a phone number. Digits are enough, with or without blanks.",
	signin.PhoneElsewhere:     "This number belongs to another country than the one chosen.",
	signin.PhoneUnknown:       "This number does not exist in the chosen country. Please check the digits.",
	signin.PhoneRefused:       "The phone service does not accept this number. It must be a mobile phone that can receive messages.",
	signin.SignUpRateLimited:  "The phone service asks for patience. Nothing was saved; please try again in a few minutes.",
	signin.SignUpUnavailable:  "The phone service cannot be reached just now. Nothing was saved; please try again in a minute.",
	signin.PayeeMalformed:     "Please name who gets the money, in at most 80 characters.",
	signin.AmountMalformed:    "Please give an amount such as 12.50, at most 1 000 000.",
	signin.CurrencyUnknown:    "Please choose one of the currencies offered.",
	signin.TransferPending:    "One transfer is waiting for your phone already. Answer that one first, or wait until its time is over.",
}

// sentences are the problems of a form as its page shows them.
func sentences(problems signin.Problems) map[string]string {
	texts := map[string]string{}
	for field, problem := range problems {
		texts[string(field)] = problemTexts[problem]
	}
	return texts
}
