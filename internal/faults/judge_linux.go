package main

import (
	"slices"
	"strings"
)

// A rank says how well a step came through a fault.
type rank int

const (
	broken  rank = iota // hung, spun, crashed, lost or doubled a byte, leaked, or never worked again
	obscure             // failed with an error that is not the one that was made
	clear               // failed, and said why
	whole               // did all that it does
)

func (r report) rank() rank {
	switch {
	case r.Bad != "":
		return broken
	case len(r.Trouble) == 0:
		return whole
	case slices.ContainsFunc(r.Trouble, func(t trouble) bool { return t.Says }):
		return clear
	}
	return obscure
}

// end is how a step broke: one that spins, too, never ends.
func (r report) end() string { return strings.ReplaceAll(r.Bad, "spin", "hang") }

// like reports whether two steps broke in the same way, or failed in the same operation and as
// badly.
func (r report) like(other report) bool {
	if r.rank() != other.rank() || r.end() != other.end() {
		return false
	}
	return r.Bad != "" || slices.ContainsFunc(r.Trouble, func(t trouble) bool {
		return slices.ContainsFunc(other.Trouble, func(o trouble) bool { return t.Op == o.Op && (t.Says == o.Says) })
	})
}

// String is what became of a step, in a few words.
func (r report) String() string {
	var what []string
	if r.Bad != "" {
		first, _, _ := strings.Cut(strings.TrimSpace(r.Detail), "\n")
		what = append(what, r.Bad+" ("+first+")")
	}
	for _, t := range r.Trouble {
		what = append(what, t.String())
	}
	if len(what) == 0 {
		return "works"
	}
	slices.Sort(what)
	return strings.Join(slices.Compact(what), "; ")
}

// A verdict compares what became of a step over package net and over ours.
type verdict byte

const (
	none   verdict = '.' // ours does not make the call, or not so often
	same   verdict = '='
	better verdict = '+'
	worse  verdict = '!'
	alone  verdict = 'o' // only ours makes the call, and keeps the rule
)

// judge compares reports of runs with the same fault; of several the worst one counts. A
// rule that is broken must be broken with package net too, and in the same way: a byte that is lost is worse than
// a hang. Where package net does not make the call there is only the rule to compare with:
// nothing may break. Nor may it before the fault has come.
func judge(theirs, ours []report) verdict {
	for _, r := range ours {
		if r.Bad != "" && r.Tally.Made == 0 {
			return worse
		}
	}
	mine, made := worst(ours)
	if !made {
		return none
	}
	other, made := worst(theirs)
	switch {
	case !made && mine == broken:
		return worse
	case !made:
		return alone
	case mine < other:
		return worse
	case mine > other:
		return better
	case mine == broken && slices.ContainsFunc(ours, func(r report) bool { return r.Bad != "" && !breaksSo(theirs, r) }):
		return worse
	}
	return same
}

// breaksSo reports whether one of several steps broke as r did.
func breaksSo(all []report, r report) bool {
	return slices.ContainsFunc(all, func(o report) bool { return o.Tally.Made > 0 && o.end() == r.end() })
}

// worst returns the lowest rank of those in which the fault came.
func worst(all []report) (lowest rank, made bool) {
	lowest = whole
	for _, r := range all {
		if r.Tally.Made > 0 {
			lowest, made = min(lowest, r.rank()), true
		}
	}
	return lowest, made
}

// otherWords returns the first operation that says the error in other words than package
// net's, if there is one.
func otherWords(theirs, ours report) (t, o trouble, found bool) {
	for _, o := range ours.Trouble {
		for _, t := range theirs.Trouble {
			if t.Op == o.Op && t.Says && o.Says && t.Text != o.Text {
				return t, o, true
			}
		}
	}
	return t, o, false
}
