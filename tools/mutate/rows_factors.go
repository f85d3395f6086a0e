package main

// What a person has to show for themselves: apps, recovery codes, phones.
var factorRows = []row{
	{what: "sealed text opens anywhere", file: "store/seal.go", find: "return k.aead.Seal(bytes.Clone(k.id), nil, plain, []byte(what)), nil", put: "return k.aead.Seal(bytes.Clone(k.id), nil, plain, nil), nil", test: "TestSealedSecretsOpenInTheirPlace"},
	{what: "another key opens the file", file: "store/seal.go", find: "used != nil && !bytes.Equal(used, s.keys.id)", put: "false", test: "TestOpenRefusesAnotherKey"},
	{what: "a lost key is made anew", file: "store/seal.go", find: "used == nil && !s.opts.Existing", put: "true", test: "TestOpenRefusesAnotherKey"},
	{what: "others read the key", file: "store/keyfile.go", find: "info.Mode().Perm()&0o077 != 0", put: "info.Mode().Perm()&0o022 != 0", test: "TestTheKeyFileIsPrivate"},
	{what: "everybody reads the file of a key that seals", file: "config/settings.go", find: "in.file(0o006)", put: "in.file(0o002)", test: "TestTheSecretKeyMayBeInAFile"},

	{what: "a code of an app is taken twice", file: "store/totp.go", find: "WHERE id = ?3 AND last_step < ?1", put: "WHERE id = ?3", test: "TestACodeOfAnAppIsTakenOnce"},
	{what: "an app counts before its first code", file: "store/totp.go", find: "WHERE user_id = ? AND proved_at IS NOT NULL`\n\tapps", put: "WHERE user_id = ?`\n\tapps", test: "TestOnlyTheUsersOwnAppsCount"},
	{what: "anybody's app signs in", file: "store/totp.go", find: "WHERE user_id = ? AND proved_at IS NOT NULL`\n\tapps", put: "WHERE user_id <> -? AND proved_at IS NOT NULL`\n\tapps", test: "TestOnlyTheUsersOwnAppsCount"},
	{what: "codes of a minute ago count", file: "store/totp.go", find: "totpSkew = 1", put: "totpSkew = 2", test: "TestAnAppMayBeAStepOff"},
	{what: "the first code signs in as well", file: "store/totp.go", find: "proved_at = ?, last_step = ? WHERE", put: "proved_at = ?, last_step = 0 * ? WHERE", test: "TestAnAppIsProvedByItsFirstCode"},
	{what: "another account proves an app", file: "store/totp.go", find: "WHERE id = ? AND user_id = ? AND proved_at IS NULL", put: "WHERE id = ? AND user_id <> -? AND proved_at IS NULL", test: "TestOnlyTheUsersOwnAppsCount"},
	{what: "an app of one's own proves the phone", file: "store/totp.go", find: "sess.Method = MethodApp\n", put: "sess.Method = MethodApp\n\t\t_ = tx.prove(ctx, userID)\n", test: "TestAnOwnAppProvesNoPhone"},
	{what: "a recovery code is good twice", file: "store/recovery.go", find: "AND hash = ? AND used_at IS NULL", put: "AND hash = ?", test: "TestARecoveryCodeIsUsedOnceByMany"},
	{what: "old recovery codes count on", file: "store/recovery.go", find: "if _, err := tx.ExecContext(ctx, `DELETE FROM recovery_codes WHERE user_id = ?`, userID); err != nil {", put: "if err := error(nil); err != nil {", test: "TestNewRecoveryCodesReplaceTheOld"},
	{what: "recovery codes are guessed without end", file: "store/recovery.go", find: "return tx.spend(ctx, claim{action: ActRecovery, known: known, account: account, device: c.Device, ip: c.IP})", put: "_ = claim{action: ActRecovery, known: known, account: account}\n\treturn nil", test: "TestGuessingARecoveryCode"},
	{what: "strangers use up the tries of the owner", file: "store/limits.go", find: `Name: "recovery_visitor", Action: ActRecovery, Per: PerVisitor`, put: `Name: "recovery_visitor", Action: ActRecovery, Per: PerAccount`, test: "TestGuessingARecoveryCode"},

	{what: "the provider's secret that was carried away goes on", file: "signin/factors.go", find: "if err != nil || !shown {\n\t\treturn err\n\t}\n\terr = f.Codes", put: "if shown || err != nil || !shown {\n\t\treturn err\n\t}\n\terr = f.Codes", test: "handlers.TestUpgradeReplacesTheSecretsOfTheProvider"},
	{what: "a code is taken before the carried secret is replaced", file: "signin/codes.go", find: "if err := f.replaceSecret(ctx, phone); err != nil {", put: "if err := f.replaceSecret(ctx, phone); err != nil && false {", test: "handlers.TestUpgradeTakesNoCodeBeforeTheSecretIsReplaced"},
	{what: "the provider is asked first", file: "signin/codes.go", find: "if errors.Is(err, store.ErrWrongCode) {\n\t\tsess, err = f.askAboutCode(ctx, v, code, use)", put: "if true {\n\t\tsess, err = f.askAboutCode(ctx, v, code, use)", test: "handlers.TestAnAppOfOnesOwn"},
	{what: "the session keeps its id when an app is added", file: "handlers/authenticator.go", find: "if err := h.renewSession(c); err != nil {", put: "if err := error(nil); err != nil {", test: "TestAnAppOfOnesOwn"},
	{what: "a page left open adds an app", file: "handlers/app.go", find: `app.Post("/account/authenticators", h.requireSignedIn, h.requireFresh,`, put: `app.Post("/account/authenticators", h.requireSignedIn,`, test: "TestToChangeAppsTakesAFreshSignIn"},
	{what: "a page left open makes recovery codes", file: "handlers/app.go", find: `app.Post("/account/recovery-codes", h.requireSessionFile, h.requireSignedIn, h.requireFresh,`, put: `app.Post("/account/recovery-codes", h.requireSessionFile, h.requireSignedIn,`, test: "TestToChangeAppsTakesAFreshSignIn"},
	{what: "the offer of recovery codes stays", file: "store/recovery.go", find: "SET codes_offered_at = COALESCE(codes_offered_at, ?)", put: "SET codes_offered_at = NULLIF(codes_offered_at, ?)", test: "handlers.TestRecoveryCodesAreOffered"},

	{what: "an ordinary sign-in sets a password", file: "store/reset.go", find: "WHERE id = ? AND resets_password = 1", put: "WHERE id = ?", test: "TestResetPasswordIsForWhoHasBegunIt"},
	{what: "others stay signed in after a forgotten password", file: "store/reset.go", find: "tx.endElsewhere(ctx, before, true)", put: "tx.endElsewhere(ctx, before, false)", test: "handlers.TestAForgottenPassword"},
	{what: "two recovery codes make a new password", file: "store/recovery.go", find: "|| phoneOnly {", put: "|| phoneOnly && false {", test: "handlers.TestAForgottenPasswordNeedsThePhone"},
	{what: "a recovery code and an app make a new password", file: "store/totp.go", find: "if err == nil && phoneOnly {", put: "if err == nil && phoneOnly && false {", test: "handlers.TestAForgottenPasswordNeedsThePhone"},
	{what: "who has forgotten the password waits past its page", file: "views/approval.html", find: "data-done-url=\"{{.DoneURL}}\"", put: "data-done-url=\"/protected\"", test: "handlers.TestAForgottenPassword"},
	{what: "the page of codes leads past that of the new password", file: "views/token.html", find: "data-done-url=\"{{.DoneURL}}\"", put: "data-done-url=\"/protected\"", test: "handlers.TestAForgottenPassword"},
	{what: "recovery codes are guessed at a forgotten password", file: "store/reset.go", find: "if err := tx.spendRecovery(ctx, found.ID, s.mailHash(email), c); err != nil {", put: "if err := error(nil); err != nil {", test: "handlers.TestAForgottenPasswordSaysNothing"},

	{what: "a shared number is not named on the phone", file: "signin/ask.go", find: "if q.Shared, err = f.Store.ProvedByAnother(ctx, a.FactorID); err != nil {", put: "if err != nil {", test: "handlers.TestASharedNumberSharesNoApps"},
	{what: "the owner's phone warns of its own account", file: "store/factors.go", find: "AND mine.proved_at IS NULL\n", put: "", test: "handlers.TestASharedNumberSharesNoApps"},

	{what: "a change of phone needs no old phone", file: "store/phone_change.go", find: "_, err = tx.consume(ctx, sessionID, KindConfirm, p.Subject())\n", put: "", test: "TestAPhoneChangeNeedsBothPhones"},
	{what: "the new phone is asked before it is allowed", file: "store/phone_change.go", find: "WHERE user_id = ? AND ended_at IS NULL AND allowed_at IS NOT NULL AND proved_at IS NULL", put: "WHERE user_id = ? AND ended_at IS NULL AND proved_at IS NULL", test: "TestAPhoneChangeNeedsBothPhones"},
	{what: "any phone proves to be the new one", file: "store/phone_change.go", find: "AND (?5 = '' OR handle = ?5)", put: "AND (?5 = '' OR handle <> '')", test: "TestAPhoneChangeNeedsBothPhones"},
	{what: "a change takes effect unproved", file: "store/phone_change.go", find: "WHERE user_id = ?2 AND ended_at IS NULL AND proved_at IS NOT NULL AND ready_at <= ?1", put: "WHERE user_id = ?2 AND ended_at IS NULL AND ready_at <= ?1", test: "TestAPhoneChangeNeedsBothPhones"},
	{what: "a recovery code changes the phone at once", file: "store/phone_change.go", find: "AND proved_at IS NOT NULL AND ready_at <= ?1", put: "AND proved_at IS NOT NULL AND ready_at <> ?1", test: "TestAPhoneChangeByARecoveryCodeWaits"},
	{what: "a stopped change takes effect", file: "store/phone_change.go", find: "WHERE user_id = ?2 AND ended_at IS NULL AND proved_at IS NOT NULL", put: "WHERE user_id = ?2 AND proved_at IS NOT NULL", test: "TestAPhoneChangeThatEnds"},
	{what: "another session uses the old phone's yes", file: "store/phone_change.go", find: "WHERE user_id = ?2 AND session_id = ?3 AND ended_at IS NULL AND allowed_at IS NULL", put: "WHERE user_id = ?2 AND ?3 = ?3 AND ended_at IS NULL AND allowed_at IS NULL", test: "TestTheOldPhoneAllowsOneChange"},
	{what: "strangers' phones are asked without end", file: "store/phone_change.go", find: "return tx.spend(ctx, claim{action: ActPush, phone: p.PhoneNumber})", put: "return nil", test: "TestPhoneChangesAreLimited"},
	{what: "a change by a recovery code is not told", file: "store/phone_change.go", find: "if p.ReadyAt.IsZero() {\n\t\treturn nil", put: "if true {\n\t\treturn nil", test: "TestAPhoneChangeByARecoveryCodeWaits"},
	{what: "changes whose time has come wait for ever", file: "signin/sweep.go", find: "if err := f.finishPhoneChanges(ctx); err != nil {", put: "if err := error(nil); err != nil {", test: "handlers.TestAnotherPhoneByARecoveryCode"},
}
