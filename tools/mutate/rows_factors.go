package main

// What a person has to show for themselves: apps, recovery codes, phones.
var factorRows = []row{
	{what: "sealed text opens anywhere", file: "store/seal.go", find: "return k.aead.Seal(bytes.Clone(k.id), nil, plain, []byte(what)), nil", put: "return k.aead.Seal(bytes.Clone(k.id), nil, plain, nil), nil", test: "TestSealedSecretsOpenInTheirPlace"},
	{what: "another key opens the file", file: "store/seal.go", find: "used != nil && !bytes.Equal(used, s.keys.id)", put: "false", test: "TestOpenRefusesAnotherKey"},
	{what: "a lost key is made anew", file: "store/seal.go", find: "keyBeside(s.path, used == nil)", put: "keyBeside(s.path, true)", test: "TestOpenRefusesAnotherKey"},
	{what: "others read the key", file: "store/keyfile.go", find: "info.Mode().Perm()&0o077 != 0", put: "info.Mode().Perm()&0o022 != 0", test: "TestTheKeyFileIsPrivate"},
	{what: "everybody reads the file of a key that seals", file: "config/settings.go", find: "in.file(0o006)", put: "in.file(0o002)", test: "TestTheSecretKeyMayBeInAFile"},
}
