// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/schemas"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"recap":          func() { os.Exit(run()) },
		"recap-measured": func() { os.Exit(measured()) },
	})
}

// TestScripts runs every behaviour of the command that testdata/script
// describes, each with a registry of its own in this process: $REG.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               func(env *testscript.Env) error { return setup(env, recaptest.RegistryOptions{}) },
		Cmds:                commands(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// setup gives a script a registry and a home without settings.
func setup(env *testscript.Env, opts recaptest.RegistryOptions) error {
	registry := recaptest.NewRegistry(env.T().(testing.TB), opts)
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		return err
	}
	signed, err := filepath.Abs("testdata/signed")
	if err != nil {
		return err
	}
	env.Values["registry"] = registry
	if err := forMeAlone(env.WorkDir); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"REG":            registry.Host(),
		"EXAMPLES":       examples,
		"SIGNED":         filepath.ToSlash(signed),
		"HOME":           filepath.Join(env.WorkDir, "home"),
		"XDG_CACHE_HOME": filepath.Join(env.WorkDir, "cache"),
		"LocalAppData":   filepath.Join(env.WorkDir, "cache"), // Windows
		"DOCKER_CONFIG":  filepath.Join(env.WorkDir, "docker"),
		"SLASH":          string(filepath.Separator),
	} {
		env.Setenv(name, value)
	}
	return nil
}

// forMeAlone has nobody else write to what is in dir, whatever umask is: of a policy
// that others may change recap warns.
func forMeAlone(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return os.Chmod(path, info.Mode().Perm()&^0o022)
	})
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"schema":   checkSchema,
		"requests": checkRequests,
		"fail":     failRequests,
		"types":    refuseTypes,
		"retag":    putTag,
		"sparse":   makeSparse,
		"fifo":     makeFIFO,
		"exits":    checkExit,
		"keypair":  makeKeyPair,
		"ages":     ageFiles,
	}
}

// checkSchema validates JSON, usually stdout, against a schema of the product:
//
//	schema NAME FILE
func checkSchema(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: schema NAME FILE")
	}
	c := jsonschema.NewCompiler()
	for _, name := range schemas.Names() {
		text, err := schemas.Read(name)
		ts.Check(err)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		ts.Check(err)
		ts.Check(c.AddResource(schemas.URL(name), doc))
	}
	schema, err := c.Compile(schemas.URL(args[0]))
	ts.Check(err)
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[1])))
	ts.Check(err)
	if err := schema.Validate(instance); err != nil {
		ts.Fatalf("%s is no valid %s: %v", args[1], args[0], err)
	}
}

// checkExit runs a command that must exit with this very code:
//
//	exits CODE COMMAND ARG...
func checkExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if want, err := strconv.Atoi(args[0]); err != nil || got != want {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// makeSparse makes a file of N GiB that takes no room: sparse FILE N.
func makeSparse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || len(args[1]) != 1 {
		ts.Fatalf("usage: sparse FILE GIBIBYTES")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(f.Truncate(int64(args[1][0]-'0') << 30))
	ts.Check(f.Close())
}

// makeFIFO makes a named pipe, and skips the script where there are none.
func makeFIFO(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fifo FILE")
	}
	if runtime.GOOS == "windows" {
		ts.Fatalf("fifo: guard it with [!windows]")
	}
	ts.Check(ts.Exec("mkfifo", args[0]))
}

// makeKeyPair makes NAME.key and NAME.pub without a password, to unlock which
// takes a second under the race detector: keypair NAME.
func makeKeyPair(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keypair NAME")
	}
	private, public, err := newKeyPair()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".key"), private, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pub"), public, 0o644))
}
