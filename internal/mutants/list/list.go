// Package list has the mistakes that are planted, file by file of the source.
//
// Where it stands: above package plant, which plants them.
package list

import (
	"slices"

	"github.com/a57b2d82/netpoller/internal/mutants/plant"
)

// A Mutant is a mistake that can be planted.
type Mutant = plant.Mutant

// The searches, whose scenarios are in testdata/search of each package.
const (
	timerSearch  = "./timer -run TestSearch -short"
	search       = "./polldesc -run TestSearch -short"
	searchPoller = "./poller -run TestSearch -short"
	searchFD     = "./fd -run TestSearch -short"
	searchMutex  = "./fd -run TestSearch -short -args -only=mutex"
)

// All returns every mutant, package by package.
func All() []Mutant {
	return slices.Concat(
		timerHeap, timerPlaces,
		polldescCache, polldescDeadline, polldescInfo, polldescParker, polldescPolldesc, polldescState, polldescSubscribe, polldescToken,
		pollerBubble, pollerEventfd, pollerGroup, pollerLag, pollerLife, pollerLoop, pollerNested, pollerPolicy, pollerPoller, pollerStats, pollerThread, pollerTurns, tracer,
		fdAccept, fdBatch, fdBulk, fdConnect, fdContext, fdDeadline, fdFd, fdFdmutex, fdMsg, fdNotify,
		fdPark, fdRaw, fdRw,
		connAsknet, connBatch, connBulk, connConn, connFamily, connFile, connIdle, connIp, connNetfd,
		connPacket, connRaw, connSocket, connTcp, connTimeout, connTimeoutDeadline, connUdp, connUnix,
		connZone,
		listenerFile, listenerListenconfig, listenerPacket, listenerSocket, listenerTcp, listenerUnix,
		dialerDialer, dialerPacket, dialerRace, dialerSingle, dialerTcp, dialerTrace,
		sysBatch, sysBulk, sysEpoll, sysMsg, sysPoll, sysRawaddr, sysRw, sysSocket,
	)
}
