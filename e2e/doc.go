// Package e2e tests Nod as people use it: the real binary, built with the race
// detector, and real browsers, with a faulty proxy between them where a story
// needs one: a current Chromium, one of 2021, and Firefox.
//
// Owns: the stories, the browser and the processes they run.
// Promises: a story fails on an unexpected error in a browser's console, a
// breach of the content security policy among them, and on a data race in the
// binary; no story fails because the machine is slow.
// Never: imports Nod's packages; a story knows only what the pages, the
// simulator's JSON and the process's output show.
package e2e
