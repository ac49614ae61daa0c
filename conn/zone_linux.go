package conn

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
)

// zones caches the names and numbers of the interfaces, for the zones of IPv6 addresses. To
// ask the kernel takes several system calls.
var zones zoneCache

// zonesStale is the age at which a zoneCache asks the kernel again. It also asks at once for a
// number or name that it does not have.
const zonesStale = time.Minute

type zoneCache struct {
	mu     sync.Mutex // guards what follows
	asked  int64      // on the clock of package clock
	byID   map[uint32]string
	byName map[string]uint32
}

// name returns the name of an interface, or its number if there is no such interface.
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

// id returns the number of an interface. If there is none of that name, it returns the number
// that name is in decimal, or 0.
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
	id, _ := strconv.ParseUint(name, 10, 32) // math.MaxUint32 if it is too large
	return uint32(id)
}

// refresh asks the kernel if the cache is too old or known returns false.
//
// Preconditions: mu is held.
func (z *zoneCache) refresh(known func() bool) {
	if clock.Now()-z.asked < int64(zonesStale) && known() {
		return
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return // and keep the old entries
	}
	z.asked = clock.Now()
	z.byID, z.byName = make(map[uint32]string), make(map[string]uint32)
	for _, ifi := range interfaces {
		z.byID[uint32(ifi.Index)] = ifi.Name
		z.byName[ifi.Name] = uint32(ifi.Index)
	}
}
