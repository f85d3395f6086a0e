package handlers

// OpenSessions is NewSessionStorage with another limit on waiting for a lock.
var OpenSessions = openSessions
