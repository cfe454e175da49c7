// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// openTerminal returns both ends of a pseudo-terminal that passes every byte on
// as it is.
func openTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	settings.Oflag &^= unix.OPOST
	settings.Lflag &^= unix.ECHO | unix.ECHONL
	if err := unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, settings); err != nil {
		t.Fatal(err)
	}
	return master, terminal
}

// onTerminal runs the real command on a terminal of its own, types input and
// returns every byte that the terminal got.
func (d *desk) onTerminal(t *testing.T, input string, args ...string) (code int, screen string) {
	t.Helper()
	master, terminal := openTerminal(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Args[0] = "recap"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = []string{"HOME=" + d.dir, "TERM=xterm-256color", "TMPDIR=" + d.dir, "PATH=" + d.path("bin") + ":" + os.Getenv("PATH")}
	for name, value := range d.vars {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	terminal.Close()
	var got bytes.Buffer
	read := make(chan struct{})
	go func() {
		_, _ = io.Copy(&got, master) // ends with an error once nobody holds the terminal
		close(read)
	}()
	if _, err := io.WriteString(master, input); err != nil {
		t.Error(err)
	}
	err = cmd.Wait()
	<-read
	if ctx.Err() != nil {
		t.Fatalf("recap %.300q hangs: %q", args, got.String())
	}
	if err != nil && cmd.ProcessState.ExitCode() < 0 {
		t.Fatalf("recap %.300q: %v: %q", args, err, got.String())
	}
	return cmd.ProcessState.ExitCode(), got.String()
}

// shows runs the command on a terminal and reports what got there that acts on
// it. What is printed has to hold want, so that something was printed.
func (d *desk) shows(t *testing.T, want, input string, args ...string) string {
	t.Helper()
	code, screen := d.onTerminal(t, input, args...)
	if leak := leaked(screen); leak != "" {
		t.Errorf("recap %.300q: the terminal got %s", args, leak)
	}
	if !strings.Contains(screen, want) {
		t.Errorf("recap %.300q: exit %d, without %q: %q", args, code, want, screen)
	}
	return screen
}

// The real command on a real terminal: nothing that an artifact, a registry, a
// helper or a plugin says acts on it, and recap's own colours get there.
func TestTerminalPTY(t *testing.T) {
	d, pack := packWorld(t)
	registry := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	change := func(which func(text string) bool, to func(text string) string) {
		for was, data := range pack {
			if text := string(data); which(text) {
				pack, _ = pack.with(t, was, []byte(to(text)))
				return
			}
		}
		t.Fatal("nothing to change")
	}
	change(func(text string) bool { return strings.HasPrefix(text, "{\n") }, func(text string) string { return text + hostileText })
	const title = `"A day of many things"`
	change(func(text string) bool { return strings.Contains(text, title) && strings.Contains(text, `"layers"`) }, func(text string) string {
		return strings.Replace(text, title, string(encoded(t, "A day"+poison)), 1)
	})
	pack.write(t, d.path("hostile"))
	ref := "oci-layout://" + d.path("hostile") + ":1.0.0"
	const escaped = `\x1b[2J`

	shown := d.shows(t, escaped, "", "show", ref, "rich", "--unverified")
	if !strings.Contains(shown, "\x1b["+styleHeading+"m") {
		t.Errorf("no colours: %q", shown)
	}
	d.shows(t, escaped, "", "show", ref, "rich", "--unverified", "--format", "markdown")
	d.shows(t, escaped, "", "show", ref, "rich", "index.md", "--unverified")
	d.shows(t, "garble", "", "show", ref, "rich", "chart.svg", "--unverified")
	d.shows(t, `\u001b[2J`, "", "inspect", "oci-layout://"+d.path("hostile")+"@"+d.member(t, "rich"), "--format", "json")
	d.shows(t, escaped, "", "inspect", "oci-layout://"+d.path("hostile")+"@"+d.member(t, "rich"))
	d.shows(t, "error[", "", "pull", ref, "-o", d.path("x"+strings.ReplaceAll(strings.ReplaceAll(poison, "/", ""), "\x00", "")))
	d.shows(t, escaped, "", "x"+strings.ReplaceAll(poison, "\x00", ""))

	registry.Inject(recaptest.Fault{Times: recaptest.Always, Action: recaptest.Respond(403, hostileHeader(registry.Host()), `{"errors":[{"code":"DENIED","message":"`+"\u009b"+`no \u001b[2J"}]}`)})
	d.shows(t, escaped, "", "list", registry.Host()+"/days/pack")
	registry.Reset()

	// What others write to the terminal that they inherit.
	program := func(name, script string) {
		if err := os.Chmod(d.write("bin/"+name, "#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	const says = `printf 'locked \033[2J\302\233\007\342\200\256'`
	program("docker-credential-evil", "cat > /dev/null\n"+says+" >&2\n"+says+"\nexit 1\n")
	d.write("docker/config.json", fmt.Sprintf(`{"credHelpers": {%q: "evil"}}`, registry.Host()))
	d.shows(t, "", "", "list", registry.Host()+"/days/pack")
	program("sigstore-kms-evil", says+" >&2\n"+says+"\nexit 1\n")
	d.shows(t, escaped, "", "sign", ref, "--key", "evil://key")

	// Questions.
	d.write("docker/config.json", "{}")
	delete(d.vars, "COSIGN_PASSWORD")
	d.shows(t, "Password for the new private key: ", "secret\nsecret\n", "key", "generate", "--output-key-prefix", d.path("new"))
	signed, err := filepath.Abs("testdata/signed")
	if err != nil {
		t.Fatal(err)
	}
	d.shows(t, "from now on? [y/N] ", "\n", "pull", "oci-layout://"+signed+"/recaps.tar:1.0.0", "--trusted-root", signed+"/trusted_root.json", "-o", d.path("pulled"))
	d.shows(t, "Publish it? [y/N] ", "\n", "sign", ref, "--identity-token", testToken("dana@example.com"+poison), "--trusted-root", signed+"/trusted_root.json", "--signing-config", d.write("services.json", testServices("http://127.0.0.1:1")))
}

// member returns the digest of a recap of the hostile pack.
func (d *desk) member(t *testing.T, slug string) string {
	t.Helper()
	code, stdout, stderr := d.try("list", "oci-layout://"+d.path("hostile")+":1.0.0", "--format", `go-template={{range .members}}{{if eq .slug "`+slug+`"}}{{.digest}}{{end}}{{end}}`)
	if code != 0 {
		t.Fatal(stderr)
	}
	return strings.TrimSpace(stdout)
}
