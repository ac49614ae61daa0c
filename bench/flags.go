//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a57b2d82/netpoller/bench/client"
	"github.com/a57b2d82/netpoller/bench/report"
	"github.com/a57b2d82/netpoller/bench/scenarios"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// options is what the flags ask for.
type options struct {
	report.Settings
	jsonFile string
	htmlFile string
	recorded string
	record   string
	tables   bool
}

// overviewVariants are those that run if nothing else is asked for.
const overviewVariants = "net,nested,thread,raw"

func parseFlags(args []string, complaints io.Writer) (options, error) {
	o := options{Settings: report.Settings{
		Scenarios: []string{scenarios.All[0].Key}, Variants: strings.Split(overviewVariants, ","),
	}}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(complaints)
	f.IntVar(&o.Rounds, "rounds", 7, "times each variant is measured; an interval takes 6 or more")
	f.DurationVar(&o.Duration, "duration", 500*time.Millisecond, "measured time of one run, after a warm-up")
	f.StringVar(&o.Syscalls, "syscalls", "auto", "how system calls are counted: auto, tracepoint, ptrace or off")
	f.StringVar(&o.jsonFile, "json", "", "`file` that receives the machine, every run and the summary")
	f.StringVar(&o.htmlFile, "html", "", "`file` that receives a report with charts")
	f.StringVar(&o.recorded, "report", "", "`file` written by -json: make the report from it and measure nothing")
	f.StringVar(&o.record, "record", "", "`folder` that receives the recordings of the pages' tables, those that it lacks of this commit")
	f.BoolVar(&o.tables, "tables", false, "write the measured tables of README.md and docs from results, and measure nothing")
	f.BoolVar(&o.Force, "force", false, "measure even if the machine is busy")
	all := f.Bool("all", false, "run every scenario with every variant")
	listFlag(f, "scenario", "scenarios to run, `list` of "+strings.Join(scenarios.Keys(), ",")+" (default echo)", &o.Scenarios)
	listFlag(f, "variants", "variants to run, `list` of "+strings.Join(servers.VariantKeys(), ",")+" (default "+overviewVariants+
		"; with -all or -scenario, all)", &o.Variants)
	numbersFlag(f, "conns", "connection counts, `list` (default 1,64,1000; with -all or -scenario, what each brings)", &o.Conns)
	numbersFlag(f, "size", "bytes per request and reply, `list` (default 64; with -all or -scenario, what each brings)", &o.Sizes)
	if err := f.Parse(args); err != nil {
		return o, err
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	o.complete(*all, given)
	err := o.check(f.Args())
	if err != nil {
		fmt.Fprintln(complaints, "bench:", err)
	}
	return o, err
}

// complete fills in the defaults, which for the overview are fewer.
func (o *options) complete(all bool, given map[string]bool) {
	if all || given["scenario"] {
		if all && !given["scenario"] {
			o.Scenarios = scenarios.Keys()
		}
		if !given["variants"] {
			o.Variants = servers.VariantKeys()
		}
		return
	}
	if !given["conns"] {
		o.Conns = []int{1, 64, 1000}
	}
	if !given["size"] {
		o.Sizes = []int{64}
	}
}

func listFlag(f *flag.FlagSet, name, usage string, list *[]string) {
	f.Func(name, usage, func(text string) error {
		*list = strings.Split(text, ",")
		return nil
	})
}

func numbersFlag(f *flag.FlagSet, name, usage string, list *[]int) {
	f.Func(name, usage, func(text string) (err error) {
		*list, err = parseNumbers(text)
		return err
	})
}

func parseNumbers(list string) ([]int, error) {
	var numbers []int
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a positive number", field)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

func (o options) check(rest []string) error {
	for _, key := range o.Variants {
		if _, ok := servers.VariantByKey(key); !ok {
			return fmt.Errorf("unknown variant %q; there are %s", key, strings.Join(servers.VariantKeys(), ", "))
		}
	}
	for _, key := range o.Scenarios {
		if _, ok := scenarios.ByKey(key); !ok {
			return fmt.Errorf("unknown scenario %q; there are %s", key, strings.Join(scenarios.Keys(), ", "))
		}
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.Rounds < 1 || o.Duration <= 0:
		return errors.New("-rounds and -duration must be positive")
	case len(o.Sizes) > 0 && slices.Max(o.Sizes) > client.MaxSize:
		return fmt.Errorf("-size must be at most %d", client.MaxSize)
	case !slices.Contains([]string{"auto", "tracepoint", "ptrace", "off"}, o.Syscalls):
		return fmt.Errorf("unknown way to count system calls %q", o.Syscalls)
	case o.recorded != "" && o.htmlFile == "":
		return errors.New("-report needs -html, the file to write")
	}
	return nil
}
