package providers

import (
	"fmt"

	"nod/authy"
	"nod/signin"
	"nod/store"
)

// noticeWords are what a phone says of a notice; the account page says more.
var noticeWords = map[store.NoticeKind]string{
	store.NoticeNewBrowser:         "a new browser signed in",
	store.NoticeNewNetwork:         "signed in from a new network",
	store.NoticeDenied:             "a request was denied",
	store.NoticePaused:             "requests were paused",
	store.NoticeFactorAdded:        "a way to sign in was added",
	store.NoticeFactorRemoved:      "a way to sign in was removed",
	store.NoticeBrowserRemoved:     "a known browser was removed",
	store.NoticeBrowsersRemoved:    "all known browsers were removed",
	store.NoticePhoneChangeBegun:   "a change of the phone was begun",
	store.NoticePhoneChanged:       "the phone was changed",
	store.NoticePhoneChangeStopped: "the change to another phone was stopped",
	store.NoticeCodesMade:          "new recovery codes were made",
	store.NoticeCodesRemoved:       "the recovery codes were removed",
	store.NoticeCodeUsed:           "a recovery code was used",
	store.NoticePasswordChanged:    "the password was changed",
	store.NoticeSignedOut:          "all other browsers were signed out",
	store.NoticeEmailTaken:         "a sign-up with this e-mail was tried",
	store.NoticeFactorsReset:       "the operator removed the ways to sign in",
	store.NoticeSessionsEnded:      "the operator ended all sign-ins",
}

// noticeLine is the newest notice, and how many more there are; nothing without
// one. It only tells: what is approved is the request that it stands in.
func noticeLine(notices []store.Notice) []authy.Detail {
	if len(notices) == 0 {
		return nil
	}
	n := notices[0]
	text := noticeWords[n.Kind] + ", " + n.At.UTC().Format("2 Jan, 15:04 UTC")
	if more := len(notices) - 1; more > 0 {
		text += fmt.Sprintf("; %d more on your account page", more)
	}
	return []authy.Detail{{Label: "Notice", Value: signin.Shorten(text, maxDetail)}}
}
