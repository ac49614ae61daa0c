package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	net "github.com/a57b2d82/netpoller"
)

// A layer is a part of an image: so many bytes with that SHA-256 digest.
type layer struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

// A manifest says what an image is made of.
type manifest struct {
	Layers []layer `json:"layers"`
}

// A registry serves an image over HTTP, and does so badly when it is told to.
type registry struct {
	url    string
	image  manifest
	blobs  [][]byte // what is in each layer
	server *http.Server
	pause  time.Duration // between the pieces of an answer that is slow
	away   time.Duration // how long connections are refused

	leave  context.CancelFunc
	serves sync.WaitGroup

	mu       sync.Mutex
	ln       net.Listener
	scenario scenario
	requests []int // for each layer, in this scenario
}

// newRegistry serves an image whose content looks random and is always the same. The faults
// are measured by how long its clients wait for a Read.
func newRegistry(layers, size int, read time.Duration) (*registry, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	reg := &registry{url: "http://" + ln.Addr().String(), ln: ln}
	reg.pause, reg.away = read/8, read/4
	for i := range layers {
		blob := make([]byte, size)
		rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)}).Read(blob)
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256(blob))
		reg.blobs = append(reg.blobs, blob)
		reg.image.Layers = append(reg.image.Layers, layer{digest, int64(size)})
	}
	reg.suffer(scenario{})

	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/example/manifests/latest", reg.serveManifest)
	mux.HandleFunc("GET /v2/example/blobs/{digest}", reg.serveBlob)
	reg.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ConnContext: withConn}
	ctx, cancel := context.WithCancel(context.Background())
	reg.leave = cancel
	reg.serves.Go(func() { reg.serve(ctx, ln) })
	return reg, nil
}

// serve accepts connections until the registry is closed. When refuse has closed the
// listener, the connections that exist go on, and after a while there is a new listener.
func (reg *registry) serve(ctx context.Context, ln net.Listener) {
	address := ln.Addr().String()
	for {
		err := reg.server.Serve(ln)
		for err != nil { // another program may have the address, for a time
			if wait(ctx, reg.away) != nil {
				return
			}
			ln, err = net.Listen("tcp", address)
		}
		reg.mu.Lock()
		reg.ln = ln
		reg.mu.Unlock()
	}
}

// refuse makes the registry refuse connections for a moment.
func (reg *registry) refuse() {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	reg.ln.Close()
}

func (reg *registry) close() {
	reg.leave()
	reg.server.Close()
	reg.serves.Wait()
}

func (reg *registry) serveManifest(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(reg.image)
}

// serveBlob answers with a layer or, if there is a Range header, with that part of it.
func (reg *registry) serveBlob(w http.ResponseWriter, r *http.Request) {
	for i, l := range reg.image.Layers {
		if l.Digest == r.PathValue("digest") {
			w.Header().Set("Content-Type", "application/octet-stream")
			content := &spoiled{blob: bytes.NewReader(reg.blobs[i]), strike: reg.next(i), reg: reg, r: r}
			http.ServeContent(w, r, "", time.Time{}, content)
			return
		}
	}
	http.NotFound(w, r)
}
