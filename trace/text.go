package trace

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteText writes one line for each event:
//
//	time since the start, in seconds
//	            reactor
//	              descriptor, slot and life
//	                         side   event        word             detail
//	  0.001023  r1 fd 7  3.1 read   O4 commit    wait -> parked   parks on its channel
func (s *Snapshot) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	if s.Lost > 0 {
		fmt.Fprintf(b, "%d earlier events were overwritten\n", s.Lost)
	}
	for i := range s.Events {
		e := &s.Events[i]
		word := ""
		if e.IsTransition() {
			word = e.Was + " -> " + e.Is
		}
		line := fmt.Sprintf("%10.6f  %-3s %-11s %-5s  %-13s %-16s %s",
			e.At.Seconds(), "r"+strconv.Itoa(e.Reactor), e.descriptor(), e.Side, e.Name, word, e.Detail)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.Flush()
}

// descriptor names the descriptor of e.
func (e *Event) descriptor() string {
	switch {
	case e.Gen == 0:
		return ""
	case e.FD < 0:
		return fmt.Sprintf("     %d.%d", e.Slot, e.Gen)
	}
	return fmt.Sprintf("fd %-2d %d.%d", e.FD, e.Slot, e.Gen)
}
