package polldesc

// A Token names one life of one slot. It travels through the kernel in the 64 bits
// of user data of an epoll_event and is encoded and decoded here only.
//
//	 63          32 31           0
//	+--------------+--------------+
//	|  generation  |     slot     |
//	+--------------+--------------+
//	      hi             lo
//
// The two halves are handed over as two 32-bit words, so there is no byte order to
// get wrong, and compared as whole words. golang/go#72900 is what happens when
// something else shares the encoding: there a large generation was taken for the
// wake-up descriptor. Here that one has a Token like any other, WakeToken, whose
// generation no descriptor ever has.
type Token struct {
	Slot, Gen uint32
}

// WakeToken names the poller's own wake-up descriptor.
var WakeToken = Token{}

// Words returns t as epoll_event carries it.
func (t Token) Words() (lo, hi int32) { return int32(t.Slot), int32(t.Gen) }

// TokenOf is the inverse of Words.
func TokenOf(lo, hi int32) Token { return Token{Slot: uint32(lo), Gen: uint32(hi)} }
