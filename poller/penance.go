package poller

// A penance is how long to do without what once took too long, in turns. It grows with each
// time, so that where it always takes long hardly any turn is spent on it, and short turns
// in between are forgiveness: bad luck costs the least penance.
type penance struct {
	rest int // turns to go
	last int // how many it was the last time, less what was forgiven since
}

// mostPenance is the most, in multiples of the least.
const mostPenance = 64

// served reports whether this turn is free of penance.
func (p *penance) served() bool {
	if p.rest > 0 {
		p.rest--
		return false
	}
	return true
}

// add is for what took too long.
func (p *penance) add(least int) {
	p.last = min(2*p.last+least, mostPenance*least)
	p.rest = p.last
}

// forgive is for what did not.
func (p *penance) forgive() { p.last -= (p.last + 15) / 16 }
