package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// program is a name and what it can do. It is a small reader of command lines of
// our own because the usual libraries call methods by reflection, so that the linker
// must keep every method of everything: with one of them the agent, which must fit
// into a router, was a quarter larger.
type program struct {
	name, summary string
	commands      []command
}

// command is one thing that a program can do.
type command struct {
	name, summary string
	operand       string // the one word that follows the flags, such as FILE; "" if none does
	flags         []flag
	run           func(ctx context.Context, given values) error
}

// flag is one flag of a command. It is also a variable of the environment.
type flag struct {
	name     string // without dashes
	value    string // what people write for it, such as FILE; "" for a flag without a value
	standard string // its value if it is not given
	required bool
	usage    string
}

// variable is the flag's name in the environment.
func (f flag) variable() string {
	return "KENG_" + strings.ToUpper(strings.ReplaceAll(f.name, "-", "_"))
}

// values are the values of flags by name, and of the operand under "".
type values map[string]string

// helpWanted is the error of arguments that ask for help.
type helpWanted struct{}

func (helpWanted) Error() string { return "help is wanted" }

// execute does what the arguments say. It returns the exit code: 0, 1 if the
// command failed, 2 if it was used wrongly.
func (p program) execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && isHelp(args[0]) {
		p.help(stdout)
		return 0
	}
	if len(args) == 0 {
		p.help(stderr)
		return 2
	}
	for _, c := range p.commands {
		if c.name != args[0] {
			continue
		}
		given, err := c.parse(args[1:], os.LookupEnv)
		if errors.Is(err, helpWanted{}) {
			c.help(stdout, p.name)
			return 0
		}
		if err != nil {
			fmt.Fprintf(stderr, "%s %s: %v\nTry %s %s --help.\n", p.name, c.name, err, p.name, c.name)
			return 2
		}
		if err := c.run(ctx, given); err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", p.name, err)
			return 1
		}
		return 0
	}
	fmt.Fprintf(stderr, "%s: there is no command %q\nTry %s --help.\n", p.name, args[0], p.name)
	return 2
}

func isHelp(arg string) bool { return arg == "--help" || arg == "-h" || arg == "help" }

// parse reads arguments: --flag value, --flag=value, and the operand. What is not
// there comes from the environment, else it is the flag's standard.
func (c command) parse(args []string, lookup func(string) (string, bool)) (values, error) {
	given := values{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--help" || arg == "-h" {
			return nil, helpWanted{}
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if !strings.HasPrefix(arg, "-") {
			name, value, hasValue = "", arg, true
			if _, second := given[""]; second || c.operand == "" {
				return nil, fmt.Errorf("unexpected argument %q", arg)
			}
		} else if f, known := c.flag(name); !known || !strings.HasPrefix(arg, "--") {
			return nil, fmt.Errorf("unknown flag %s", strings.SplitN(arg, "=", 2)[0])
		} else if f.value == "" && !hasValue {
			value, hasValue = "true", true
		}
		if !hasValue {
			if len(args) == 0 {
				return nil, fmt.Errorf("--%s needs a value", name)
			}
			value, args = args[0], args[1:]
		}
		given[name] = value
	}
	return given, c.complete(given, lookup)
}

// complete fills in what the command line leaves out, and checks the rest.
func (c command) complete(given values, lookup func(string) (string, bool)) error {
	var missing []string
	for _, f := range c.flags {
		if _, ok := given[f.name]; !ok {
			given[f.name] = f.standard
			if value, ok := lookup(f.variable()); ok {
				given[f.name] = value
			}
		}
		if f.required && given[f.name] == "" {
			missing = append(missing, "--"+f.name)
		}
		if value := given[f.name]; f.value == "" && value != "" && value != "true" && value != "false" {
			return fmt.Errorf("--%s is true or false, not %q", f.name, value)
		}
	}
	if c.operand != "" && given[""] == "" {
		missing = append(missing, c.operand)
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s must be given", strings.Join(missing, " and "))
	}
	return nil
}

// flag finds a flag by its name.
func (c command) flag(name string) (flag, bool) {
	for _, f := range c.flags {
		if f.name == name {
			return f, true
		}
	}
	return flag{}, false
}

// help prints what the program can do.
func (p program) help(w io.Writer) {
	fmt.Fprintf(w, "Usage: %s COMMAND [FLAGS]\n\n%s\n\nCommands:\n", p.name, p.summary)
	for _, c := range p.commands {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(w, "\nEach command has --help. Exit codes: 0 done, 1 failed, 2 used wrongly.\n")
}

// help prints how the command is used.
func (c command) help(w io.Writer, program string) {
	usage := program + " " + c.name
	for _, f := range c.flags {
		if f.required {
			usage += " --" + f.name + " " + f.value
		}
	}
	if len(c.flags) > 0 {
		usage += " [FLAGS]"
	}
	if c.operand != "" {
		usage += " " + c.operand
	}
	fmt.Fprintf(w, "Usage: %s\n\n%s\n", usage, c.summary)
	if len(c.flags) > 0 {
		fmt.Fprintf(w, "\nFlags:\n")
	}
	for _, f := range c.flags {
		fmt.Fprintf(w, "  --%s\n        %s", strings.TrimSpace(f.name+" "+f.value), f.usage)
		if f.standard != "" {
			fmt.Fprintf(w, " Default %s.", f.standard)
		}
		fmt.Fprintf(w, " [$%s]\n", f.variable())
	}
}
