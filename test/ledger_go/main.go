// Checks a ledger with Go's own implementation of transparency logs (golang.org/x/mod/sumdb/note and tlog), which shares
// no code with Wideberth: the signatures of its checkpoint, that its tiles make the root that is signed, that each entry
// is in it, that it grew from its own earlier sizes, and the proofs that Wideberth made, if a file of them is given.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight   = 8
	tileWidth    = 1 << tileHeight
	fileBytesMax = 64 << 20
)

var strict = base64.StdEncoding.Strict()

// A source gives what is at a path below the base: "ledger/checkpoint".
type source func(path string) ([]byte, error)

func overHTTP(base string) source {
	client := &http.Client{Timeout: 10 * time.Second}
	return func(path string) ([]byte, error) {
		response, err := client.Get(strings.TrimSuffix(base, "/") + "/" + path)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: %s", path, response.Status)
		}
		return io.ReadAll(io.LimitReader(response.Body, fileBytesMax))
	}
}

func inFolder(folder string) source {
	return func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(folder, path)) }
}

// A witness's key: what is signed is the time and the text (c2sp.org/tlog-cosignature).
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(c.key, []byte(message), signature[8:])
}

func newCosigner(text string) (note.Verifier, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a witness's key is not NAME+HASH+BASE64")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, err
	}
	key, err := strict.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("a witness's key is not of type 4")
	}
	digest := sha256.Sum256([]byte(parts[0] + "\n" + string(key)))
	if uint64(binary.BigEndian.Uint32(digest[:])) != hash {
		return nil, errors.New("a witness's key has another hash")
	}
	return cosigner{parts[0], uint32(hash), key[1:]}, nil
}

// Who must have signed; the first is the operator.
type signers []note.Verifier

func (s signers) checkpoint(bytes []byte) (tlog.Tree, error) {
	opened, err := note.Open(bytes, note.VerifierList(s...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(opened.Sigs) != len(s) || len(opened.UnverifiedSigs) != 0 {
		return tlog.Tree{}, fmt.Errorf("%d signatures are good and %d of strangers, not %d and 0", len(opened.Sigs),
			len(opened.UnverifiedSigs), len(s))
	}
	for _, signature := range opened.Sigs {
		if _, err := strict.DecodeString(signature.Base64); err != nil {
			return tlog.Tree{}, err
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tlog.Tree{}, errors.New("the checkpoint has not three lines")
	}
	if lines[0] != s[0].Name() {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is of %q", lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || lines[1] != strconv.FormatInt(size, 10) {
		return tlog.Tree{}, fmt.Errorf("the checkpoint's size is %q", lines[1])
	}
	root, err := parseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func parseHash(text string) (tlog.Hash, error) {
	var hash tlog.Hash
	decoded, err := strict.DecodeString(text)
	if err != nil || len(decoded) != len(hash) {
		return hash, fmt.Errorf("%q is no hash", text)
	}
	copy(hash[:], decoded)
	return hash, nil
}

// Go's paths name the tile's height, those of c2sp.org/tlog-tiles do not.
func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	return "ledger/tile/" + strings.Replace(path, "data/", "entries/", 1)
}

type tiles struct {
	source source
	mutex  sync.Mutex
	read   map[string][]byte
}

func (t *tiles) get(tile tlog.Tile) ([]byte, error) {
	path := pathOf(tile)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if data, ok := t.read[path]; ok {
		return data, nil
	}
	data, err := t.source(path)
	if err == nil {
		t.read[path] = data
	}
	return data, err
}

func (t *tiles) Height() int                     { return tileHeight }
func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t *tiles) ReadTiles(asked []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range asked {
		data, err := t.get(tile)
		if err != nil {
			return nil, err
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", pathOf(tile), len(data))
		}
		all = append(all, data)
	}
	return all, nil
}

// The entries of one tile: each after its length.
func entriesOf(data []byte, width int) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("a tile of entries is cut short")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("a tile has %d entries, not %d", len(entries), width)
	}
	return entries, nil
}

type report struct{ size, entries, inclusions, consistencies, made int }

// Everything that is to hold; `limit` entries at most, and as many proofs of each kind as `proofs` says.
func check(from source, by signers, limit, proofs int64, made []byte) (report, error) {
	var done report
	data, err := from("ledger/checkpoint")
	if err != nil {
		return done, err
	}
	tree, err := by.checkpoint(data)
	if err != nil {
		return done, err
	}
	done.size = int(tree.N)
	reader := &tiles{source: from, read: map[string][]byte{}}
	hashes := tlog.TileHashReader(tree, reader)

	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return done, err
	}
	if root != tree.Hash {
		return done, errors.New("the tiles make another root than the one that is signed")
	}
	count := min(tree.N, limit)
	leaves := map[int64]tlog.Hash{}
	for first := int64(0); first < count; first += tileWidth {
		width := int(min(tree.N-first, tileWidth))
		data, err := reader.get(tlog.Tile{H: tileHeight, L: -1, N: first / tileWidth, W: width})
		if err != nil {
			return done, err
		}
		entries, err := entriesOf(data, width)
		if err != nil {
			return done, err
		}
		var indexes []int64
		for i := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(i)))
		}
		inTree, err := hashes.ReadHashes(indexes)
		if err != nil {
			return done, err
		}
		for i, entry := range entries {
			leaf := tlog.RecordHash(entry)
			if leaf != inTree[i] {
				return done, fmt.Errorf("entry %d is another in the tree", first+int64(i))
			}
			leaves[first+int64(i)] = leaf
			done.entries++
		}
	}
	for i := int64(0); i < min(proofs, count); i++ {
		index := i * count / min(proofs, count)
		proof, err := tlog.ProveRecord(tree.N, index, hashes)
		if err != nil {
			return done, err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaves[index]); err != nil {
			return done, fmt.Errorf("entry %d: %w", index, err)
		}
		done.inclusions++
	}
	for i := int64(1); i <= min(proofs, tree.N); i++ {
		old := max(1, i*tree.N/min(proofs, tree.N))
		oldRoot, err := tlog.TreeHash(old, hashes)
		if err != nil {
			return done, err
		}
		proof, err := tlog.ProveTree(tree.N, old, hashes)
		if err != nil {
			return done, err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old, oldRoot); err != nil {
			return done, fmt.Errorf("size %d: %w", old, err)
		}
		done.consistencies++
	}
	done.made, err = checkMade(made, tree, leaves, hashes)
	return done, err
}

// Lines of a file: "inclusion INDEX SIZE ROOT HASH...", "consistency OLD SIZE OLDROOT ROOT HASH...", in base64.
func checkMade(made []byte, tree tlog.Tree, leaves map[int64]tlog.Hash, hashes tlog.HashReader) (int, error) {
	count := 0
	for _, line := range bytes.Split(made, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		words := strings.Split(string(line), " ")
		if len(words) < 4 || (words[0] != "inclusion" && words[0] != "consistency") {
			return count, fmt.Errorf("no proof: %q", line)
		}
		first, errFirst := strconv.ParseInt(words[1], 10, 64)
		size, errSize := strconv.ParseInt(words[2], 10, 64)
		if errFirst != nil || errSize != nil || first < 0 || size < 0 || size > tree.N {
			return count, fmt.Errorf("no sizes of this tree: %q", line)
		}
		var all []tlog.Hash
		for _, word := range words[3:] {
			hash, err := parseHash(word)
			if err != nil {
				return count, err
			}
			all = append(all, hash)
		}
		root, err := tlog.TreeHash(size, hashes)
		if err != nil {
			return count, err
		}
		if words[0] == "inclusion" {
			leaf, ok := leaves[first]
			if !ok || root != all[0] {
				return count, fmt.Errorf("another root or entry: %q", line)
			}
			err = tlog.CheckRecord(all[1:], size, all[0], first, leaf)
		} else {
			var oldRoot tlog.Hash
			if first > size {
				return count, fmt.Errorf("no old size: %q", line)
			}
			if oldRoot, err = tlog.TreeHash(first, hashes); err != nil {
				return count, err
			}
			if len(all) < 2 || oldRoot != all[0] || root != all[1] {
				return count, fmt.Errorf("another root: %q", line)
			}
			err = tlog.CheckTree(all[2:], size, all[1], first, all[0])
		}
		if err != nil {
			return count, fmt.Errorf("%q: %w", line, err)
		}
		count++
	}
	return count, nil
}

// Changes one bit of each byte of each file in turn; all of these must be refused.
func tamper(from source, by signers, limit int64, paths []string) (int, error) {
	files := map[string][]byte{}
	for _, path := range paths {
		data, err := from(path)
		if err != nil {
			return 0, err
		}
		files[path] = data
	}
	changes := 0
	for _, path := range paths {
		for i := range files[path] {
			changed := bytes.Clone(files[path])
			changed[i] ^= 1 << (i % 8)
			_, err := check(func(asked string) ([]byte, error) {
				if asked == path {
					return changed, nil
				}
				data, ok := files[asked]
				if !ok {
					return nil, fmt.Errorf("%s was not read before", asked)
				}
				return data, nil
			}, by, limit, 1, nil)
			if err == nil {
				return changes, fmt.Errorf("%s is accepted with byte %d changed", path, i)
			}
			changes++
		}
	}
	return changes, nil
}

func run() error {
	base := flag.String("base", "", "where /ledger is: http://..., or file:// and a folder")
	key := flag.String("key", "", "the operator's verifier key")
	witnesses := flag.String("witnesses", "", "verifier keys of witnesses that must have signed, with commas between")
	limit := flag.Int64("limit", 100_000, "how many entries are read")
	proofs := flag.Int64("proofs", 100, "how many proofs of each kind are made and checked")
	madeFile := flag.String("made", "", "a file of proofs to check")
	tampers := flag.Bool("tamper", false, "change each byte of what was read in turn, and expect a refusal")
	flag.Parse()
	if flag.NArg() != 0 {
		return fmt.Errorf("%q is no argument", flag.Arg(0))
	}
	operator, err := note.NewVerifier(*key)
	if err != nil {
		return err
	}
	by := signers{operator}
	if *witnesses != "" {
		for _, text := range strings.Split(*witnesses, ",") {
			witness, err := newCosigner(text)
			if err != nil {
				return err
			}
			by = append(by, witness)
		}
	}
	from := overHTTP(*base)
	if folder, ok := strings.CutPrefix(*base, "file://"); ok {
		from = inFolder(folder)
	}
	var made []byte
	if *madeFile != "" {
		if made, err = os.ReadFile(*madeFile); err != nil {
			return err
		}
	}
	var paths []string
	noting := func(path string) ([]byte, error) {
		paths = append(paths, path)
		return from(path)
	}
	done, err := check(noting, by, *limit, *proofs, made)
	if err != nil {
		return err
	}
	fmt.Printf("size %d entries %d inclusions %d consistencies %d made %d\n", done.size, done.entries, done.inclusions,
		done.consistencies, done.made)
	if *tampers {
		changes, err := tamper(from, by, *limit, paths)
		if err != nil {
			return err
		}
		fmt.Printf("changed bytes refused %d\n", changes)
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
