// Another project, which tests its sign-in with simulated phones. The test
// TestAnotherModuleUsesTheKit runs a copy of it.
module example.com/login

go 1.26.0

require nod v0.0.0

replace nod => ../../..
