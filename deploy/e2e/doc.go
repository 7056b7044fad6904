// Package e2e holds the stories that Kẻng promises, told against the real programs, and
// the rules of the house that no single package can check.
package e2e
