// Package time is what the code under test uses of package time.
//
// Where it stands: in a search, in the place of package time.
package time
