// Command mutants asks whether the tests of a package would notice if its code were wrong: it
// changes one small thing at a time and runs the tests, which must then fail.
//
//	go run ./.ci/mutants ./hub/core/route                  40 mutants of a package
//	go run ./.ci/mutants -n 150 -seed 2 ./hub/core/...     150 others, of many packages
//	go run ./.ci/mutants -skip 80 ./hub/core/route         goes on where a run ended early
//	go run ./.ci/mutants -at delay.go:131 ./hub/core/route all mutants of one line
//	go run ./.ci/mutants -at swaps.go,oncall.go -run Plays -args "-seeds 6" ./hub/state
//	                                                       those of two files, against some of the tests
//
// Which mutants are tried depends on the code and -seed alone. Those that do not compile are
// no mutants, and are passed over. What survives is printed as
//
//	hub/core/route/delay.go:131: if there && !found.Before(notBefore) → if there || !found.Before(notBefore)
//
// and is either a missing test, or means the same as what stood there. The latter are listed
// in equivalent.txt beside this file, with a reason each, and are not tried again.
//
// Nothing is written into the tree: the compiler is told to read a changed file elsewhere (go
// help build, -overlay). A mutant's tests are those of its own package, with -short, or those of
// them that -run names; they may use -timeout of the processor, ten times as long in all, and
// 4 GiB of addresses. Of a slow package name the tests that are about the files: what survives
// some of the tests may still be killed by all (-at it, without -run), never the other way. What
// is compiled of a mutant stays in the build cache for some days (go clean -cache).
//
// It exits with 1 if fewer than -least percent were killed, with 2 if it could not do its work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	n       int           // mutants to try
	skip    int           // candidates to pass over first
	seed    uint64        // of their order
	least   float64       // percent to be killed
	limit   time.Duration // of the whole run
	timeout time.Duration // of the tests of one mutant, in time of the processor
	at      string        // "file.go:line" or "file.go", several with commas, or empty
	only    string        // the tests to run, as go test's -run, or empty
	args    string        // more arguments of the tests
	verbose bool
}

func main() {
	var o options
	minutes := flag.Float64("minutes", 9, "begin no further mutant after so many minutes")
	flag.IntVar(&o.n, "n", 40, "how many mutants to try")
	flag.IntVar(&o.skip, "skip", 0, "pass over so many candidates first: the number that an earlier run ended with")
	flag.Uint64Var(&o.seed, "seed", 1, "which mutants are tried, and in what order")
	flag.Float64Var(&o.least, "least", 0, "fail if fewer percent are killed")
	flag.DurationVar(&o.timeout, "timeout", 20*time.Second, "how long the tests of one mutant may compute; one that takes longer is killed")
	flag.StringVar(&o.at, "at", "", "try mutants of one line, as delay.go:131, or of one file, and no others; several with commas")
	flag.StringVar(&o.only, "run", "", "run the tests that match, as go test does, and no others")
	flag.StringVar(&o.args, "args", "", "more arguments of the tests, with spaces between them")
	flag.BoolVar(&o.verbose, "v", false, "print those that are killed, too")
	flag.Parse()
	o.limit = time.Duration(*minutes * float64(time.Minute))
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "name a package, as ./hub/core/route")
		os.Exit(2)
	}
	// What ends it early ends what it runs, and lets it clean up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	percent, err := o.run(ctx, flag.Args())
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	case percent < o.least:
		fmt.Printf("FAILED: at least %g %% must be killed\n", o.least)
		os.Exit(1)
	}
}

// run tries mutants of packages, tells of them, and returns how many percent were killed.
func (o *options) run(ctx context.Context, patterns []string) (percent float64, err error) {
	begin := time.Now()
	candidates, err := o.candidates(ctx, patterns)
	if err != nil {
		return 0, err
	}
	l, err := newLab(o.timeout, o.testArgs())
	if err != nil {
		return 0, err
	}
	defer l.close()
	var dead, endless, alive, passed, at int
	for at = min(o.skip, len(candidates)); at < len(candidates) && dead+alive < o.n && time.Since(begin) < o.limit; at++ {
		m := candidates[at]
		fate, err := l.try(ctx, m)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", m, err)
		}
		switch fate {
		case noMutant:
			passed++
			continue
		case survives:
			alive++
		case hangs:
			endless++
			dead++
		default:
			dead++
		}
		if o.verbose || fate == survives {
			fmt.Printf("%s: %s\n", fate, m)
		}
	}
	if dead+alive == 0 {
		return 0, errors.New("there was no mutant to try")
	}
	percent = 100 * float64(dead) / float64(dead+alive)
	fmt.Printf("%d mutants, %d killed (%.1f %%), %d of them for taking too long, %d survived; %d candidates did not compile; %d of %d seen, in %s; go on with -seed %d -skip %d\n",
		dead+alive, dead, percent, endless, alive, passed, at, len(candidates), time.Since(begin).Round(time.Second), o.seed, at)
	return percent, nil
}

// candidates returns the mutants of packages in the order in which they are tried, without
// those that are known to mean the same as the code.
func (o *options) candidates(ctx context.Context, patterns []string) ([]mutant, error) {
	packages, err := list(ctx, patterns)
	if err != nil {
		return nil, err
	}
	known, err := equivalents(ctx)
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, p := range packages {
		for _, name := range p.GoFiles {
			found, err := mutantsOf(p, name)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	all = slices.DeleteFunc(all, func(m mutant) bool {
		return known[m.change()] || !o.wants(m)
	})
	r := rand.New(rand.NewPCG(o.seed, 0))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all, nil
}

// wants reports whether a mutant is at one of the places that -at names.
func (o *options) wants(m mutant) bool {
	return o.at == "" || slices.ContainsFunc(strings.Split(o.at, ","), func(at string) bool {
		return strings.HasSuffix("/"+m.place(), "/"+at) || strings.HasSuffix("/"+m.file, "/"+at)
	})
}

// testArgs are what tests are run with.
func (o *options) testArgs() []string {
	args := []string{"-test.failfast", "-test.short"}
	if o.only != "" {
		args = append(args, "-test.run", o.only)
	}
	return append(args, strings.Fields(o.args)...)
}
