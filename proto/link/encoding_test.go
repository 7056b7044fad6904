package link_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"keng/proto/link"
	"keng/proto/link/linkpb"
	"keng/proto/link/linktest"
)

func TestPeerURI(t *testing.T) {
	for _, peer := range []link.Peer{{Kind: link.Agent, ID: "a"}, {Kind: link.Gateway, ID: "Phòng"}, {Kind: link.Hub, ID: "node-1.example_x"}} {
		got, err := link.ParsePeerURI(peer.URI().String())
		if valid := peer.Valid() == nil; valid != (err == nil) || valid && got != peer {
			t.Errorf("%s becomes %s, %v", peer.URI(), got, err)
		}
	}
	for _, uri := range []string{
		"", "spiffe://keng/", "spiffe://keng/agent", "spiffe://keng/agent/", "spiffe://keng/agent/a/b", "spiffe://keng/agent/..",
		"spiffe://keng/robot/a", "spiffe://other/agent/a", "https://keng/agent/a", "spiffe://keng/agent/a?x", "spiffe://keng/agent/a#x",
		"spiffe://keng/agent/%61", "spiffe://keng:1/agent/a", "spiffe://x@keng/agent/a", "SPIFFE://keng/agent/a", "spiffe://keng/agent/" + strings.Repeat("a", 129),
	} {
		if peer, err := link.ParsePeerURI(uri); err == nil {
			t.Errorf("%q is %s", uri, peer)
		}
	}
}

func FuzzPeerURI(f *testing.F) {
	f.Add("spiffe://keng/agent/branch-3")
	f.Add("spiffe://keng/hub/%2e%2e")
	f.Fuzz(func(t *testing.T, uri string) {
		if peer, err := link.ParsePeerURI(uri); err == nil && peer.URI().String() != uri {
			t.Errorf("%q is read as %q", uri, peer.URI())
		}
	})
}

func TestTokenKeepsItsSecretOutOfErrors(t *testing.T) {
	authority := linktest.NewAuthority(t)
	token := link.NewToken(authority.Certificate)
	text := token.String()
	got, err := link.ParseToken(" " + text + "\n")
	if err != nil || got.String() != text || got.ID != token.ID || got.Fingerprint != link.Fingerprint(authority.Certificate) {
		t.Errorf("%q is read as %+v, %v", text, got, err)
	}
	if strings.Contains(token.LogValue().String(), strings.Split(text, ".")[2]) {
		t.Error("the log shows the secret")
	}
	for i := range text {
		garbled := text[:i] + "!" + text[i+1:]
		if _, err := link.ParseToken(garbled); !errors.Is(err, link.ErrToken) || strings.Contains(err.Error(), text[20:30]) {
			t.Errorf("%q: %v", garbled, err)
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add("v1.0123456789abcdef.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("v1...")
	f.Fuzz(func(t *testing.T, text string) {
		if token, err := link.ParseToken(text); err == nil && token.String() != strings.TrimSpace(text) {
			t.Errorf("%q is read as %q", text, token)
		}
	})
}

// TestFramesAreLinkpbFrames: what is put together by hand is what the .proto says.
func TestFramesAreLinkpbFrames(t *testing.T) {
	for _, size := range []int{0, 1, 100, 127, 128, 505, 511, 512, 513, 70_000} {
		body := bytes.Repeat([]byte{7}, size)
		encoded, err := proto.Marshal(&linkpb.Frame{Kind: &linkpb.Frame_Payload{Payload: body}})
		if err != nil {
			t.Fatal(err)
		}
		if ours := link.AppendRaw(nil, 4, body); !bytes.Equal(ours, frame(encoded)) {
			t.Errorf("%d bytes are framed otherwise", size)
		}
		stream := append(frame(encoded), frame(encoded)...)
		bodies, err := link.ReadFrames(stream, link.MaxFrame)
		if err != io.EOF || len(bodies) != 2 || !bytes.Equal(bodies[1], body) {
			t.Errorf("%d bytes: %d frames, %v", size, len(bodies), err)
		}
		for _, cut := range []int{1, len(stream) / 4, len(stream) - 1} {
			if _, err := link.ReadFrames(stream[:cut], link.MaxFrame); err != io.EOF && !errors.Is(err, link.ErrMalformed) {
				t.Errorf("cut at %d of %d: %v", cut, len(stream), err)
			}
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(link.AppendRaw(link.AppendRaw(nil, 4, []byte("payload")), 9, []byte("later")))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add(append([]byte{3}, 1<<3|2, 1, 0))
	f.Fuzz(func(t *testing.T, stream []byte) {
		bodies, err := link.ReadFrames(stream, 4096)
		if err != io.EOF && !errors.Is(err, link.ErrMalformed) && !errors.Is(err, link.ErrTooLong) {
			t.Errorf("an error of no kind: %v", err)
		}
		for _, body := range bodies {
			if len(body) > 4096 {
				t.Errorf("%d bytes in a frame of at most 4096", len(body))
			}
		}
	})
}

// FuzzOpenFrame: the hand-made decoder agrees with the generated one.
func FuzzOpenFrame(f *testing.F) {
	f.Add([]byte{4<<3 | 2, 1, 'x'})
	f.Add([]byte{3<<3 | 2, 0, 4<<3 | 2, 1, 'x'})
	f.Fuzz(func(t *testing.T, encoded []byte) {
		var want linkpb.Frame
		wantErr := proto.Unmarshal(encoded, &want)
		kind, body, err := link.OpenFrame(encoded)
		if wantErr == nil && err != nil && len(want.ProtoReflect().GetUnknown()) == 0 {
			t.Errorf("%x: %v", encoded, err)
		}
		if payload, ok := want.Kind.(*linkpb.Frame_Payload); ok && wantErr == nil && err == nil &&
			(kind != 4 || !bytes.Equal(body, payload.Payload)) {
			t.Errorf("%x: kind %d, %x", encoded, kind, body)
		}
	})
}

func TestCredentialsOnDisk(t *testing.T) {
	authority := linktest.NewAuthority(t)
	dir := filepath.Join(t.TempDir(), "identity")
	if _, err := link.LoadCredentials(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing saved: %v", err)
	}
	old := authority.Issue(link.Peer{Kind: link.Agent, ID: "old"})
	if err := link.SaveCredentials(dir, old); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "identity.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info.Mode(), err)
	}
	check := func(when string, want ...string) {
		t.Helper()
		got, err := link.LoadCredentials(dir)
		if err != nil {
			t.Errorf("%s: %v", when, err)
			return
		}
		peer, _ := got.Peer()
		if len(got.Authorities) != 1 || !strings.Contains(strings.Join(want, " "), peer.ID) {
			t.Errorf("%s: %s", when, peer)
		}
	}
	check("saved", "old")

	// A save cut off after any of its steps leaves one identity or the other.
	before := readDir(t, dir)
	if err := link.SaveCredentials(dir, authority.Issue(link.Peer{Kind: link.Agent, ID: "new"})); err != nil {
		t.Fatal(err)
	}
	check("saved again", "new")
	after := readDir(t, dir)
	names := []string{"authorities.crt", "identity.key", "identity.crt"}
	for cut := range len(names) + 1 {
		for i, name := range names {
			file := filepath.Join(dir, name)
			if i < cut {
				os.WriteFile(file, after[name], 0o600)
				os.Remove(file + ".new")
			} else {
				os.WriteFile(file, before[name], 0o600)
				os.WriteFile(file+".new", after[name], 0o600)
			}
		}
		want := []string{"old", "old", "new", "new"}[cut]
		check("cut off after "+want, want)
	}
	os.WriteFile(filepath.Join(dir, "identity.crt"), []byte("nonsense"), 0o600)
	os.Remove(filepath.Join(dir, "identity.crt.new"))
	if _, err := link.LoadCredentials(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a damaged certificate: %v", err)
	}
}

func readDir(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if files[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestAuthorityOutlivesNothing(t *testing.T) {
	authority := linktest.NewAuthority(t)
	key, err := link.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Authority.Issue(link.Peer{Kind: "robot", ID: "x"}, key.Public(), time.Now(), 0); err == nil {
		t.Error("a robot was certified")
	}
	if _, err := authority.Authority.Issue(link.Peer{Kind: link.Agent, ID: "x"}, "no key", time.Now(), 0); err == nil {
		t.Error("no key was certified")
	}
}
