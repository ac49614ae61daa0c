package conn

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
)

// zones remembers the names and numbers of the interfaces, which a link-local IPv6
// address needs and only a conversation with the kernel tells.
var zones zoneCache

// zonesStale is how old a zoneCache may get. A number or name it does not know makes it
// look at once.
const zonesStale = time.Minute

type zoneCache struct {
	mu     sync.Mutex // guards what follows
	asked  int64      // on the clock of package clock
	byID   map[uint32]string
	byName map[string]uint32
}

// name returns the name of an interface, or its number if it has none any more.
func (z *zoneCache) name(id uint32) string {
	if id == 0 {
		return ""
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.refresh(func() bool { return z.byID[id] != "" })
	if name := z.byID[id]; name != "" {
		return name
	}
	return strconv.FormatUint(uint64(id), 10)
}

// id returns the number of an interface named so, or the number in its name, or 0.
func (z *zoneCache) id(name string) uint32 {
	if name == "" {
		return 0
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.refresh(func() bool { return z.byName[name] != 0 })
	if id := z.byName[name]; id != 0 {
		return id
	}
	if strings.Trim(name, "0123456789") != "" {
		return 0
	}
	id, _ := strconv.ParseUint(name, 10, 32) // the largest, for one that is too large
	return uint32(id)
}

// refresh asks the kernel, if the cache is old or does not know.
//
// Preconditions: mu is held.
func (z *zoneCache) refresh(known func() bool) {
	if clock.Now()-z.asked < int64(zonesStale) && known() {
		return
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return // what it knew is the best there is
	}
	z.asked = clock.Now()
	z.byID, z.byName = make(map[uint32]string), make(map[string]uint32)
	for _, ifi := range interfaces {
		z.byID[uint32(ifi.Index)] = ifi.Name
		z.byName[ifi.Name] = uint32(ifi.Index)
	}
}
