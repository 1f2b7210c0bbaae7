// A stranger's verifier: Go's sumdb/note and sumdb/tlog read a checkpoint, a proof of an act, a proof of growth and
// every published tile, and refuse each with one byte changed. The one argument is the directory that `run` made.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	dir := os.Args[1]
	key := strings.TrimSpace(string(read(dir, "log.vkey")))
	log := &stranger{dir: dir, key: key}
	old := log.checkpoint(read(dir, "old"))
	new := log.checkpoint(read(dir, "new"))
	published := log.checkpoint(read(dir, "out/checkpoint"))
	if published != new {
		fail("the published checkpoint is not the last one")
	}
	notes := log.mutateCheckpoint(read(dir, "new"))
	proofs := log.proof(string(read(dir, "proof")), new)
	growth := log.growth(string(read(dir, "growth")), old, new)
	tiles, mutants := log.tiles(old, new)
	fmt.Printf("strangers: Go agrees: checkpoint (%d mutants refused), proof of an act (%d), proof of growth (%d), %d tiles and bundles (%d)\n",
		notes, proofs, growth, tiles, mutants)
}

type stranger struct {
	dir, key string
}

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "strangers: FAILED: Go: "+format+"\n", args...)
	os.Exit(1)
}

func check(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func read(dir, name string) []byte {
	data, err := os.ReadFile(filepath.Join(dir, name))
	check(err, name)
	return data
}

// open verifies the signature of a note and reads the tree that its text speaks of.
func (s *stranger) open(data []byte) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(s.key)
	check(err, "verifier key")
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("not the text of a checkpoint: %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func (s *stranger) checkpoint(data []byte) tlog.Tree {
	tree, err := s.open(data)
	check(err, "checkpoint")
	return tree
}

func (s *stranger) mutateCheckpoint(data []byte) int {
	count := 0
	// The last digit before `=` has two bits that Go's base64 passes over; chancery refuses them, Go cannot.
	for place := 0; place < len(data)-3; place++ {
		mutant := append([]byte(nil), data...)
		mutant[place] ^= 1
		if _, err := s.open(mutant); err == nil {
			fail("a checkpoint with byte %d changed verifies", place)
		}
		if _, err := s.open(data[:place]); err == nil {
			fail("a checkpoint cut at byte %d verifies", place)
		}
		count += 2
	}
	return count
}

func hashes(lines []string) []tlog.Hash {
	var path []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		check(err, "hash in a proof")
		path = append(path, hash)
	}
	return path
}

// proof reads a c2sp.org/tlog-proof file with the entry as its extra data.
func (s *stranger) proof(text string, want tlog.Tree) int {
	head, signed, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("not a proof: %q", text)
	}
	if tree := s.checkpoint([]byte(signed)); tree != want {
		fail("the proof rests on another checkpoint")
	}
	entry, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(lines[1], "extra "))
	check(err, "entry in the proof")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	check(err, "index of the proof")
	path := hashes(lines[3:])
	check(tlog.CheckRecord(path, want.N, want.Hash, index, tlog.RecordHash(entry)), "proof of an act")

	count := 0
	refuse := func(path []tlog.Hash, index int64, entry []byte) {
		if tlog.CheckRecord(path, want.N, want.Hash, index, tlog.RecordHash(entry)) == nil {
			fail("a false proof of an act verifies")
		}
		count++
	}
	for place := range entry {
		mutant := append([]byte(nil), entry...)
		mutant[place] ^= 1
		refuse(path, index, mutant)
	}
	for place := range path {
		mutant := append([]tlog.Hash(nil), path...)
		mutant[place][place%tlog.HashSize] ^= 1
		refuse(mutant, index, entry)
		refuse(path[:place], index, entry)
	}
	refuse(path, index+1, entry)
	return count
}

// growth reads a chancery-consistency file: a path and two signed checkpoints, parted by empty lines.
func (s *stranger) growth(text string, old, new tlog.Tree) int {
	parts := strings.Split(text, "\n\n")
	if len(parts) != 5 {
		fail("not a proof of growth: %q", text)
	}
	if s.checkpoint([]byte(parts[1]+"\n\n"+parts[2]+"\n")) != old || s.checkpoint([]byte(parts[3]+"\n\n"+parts[4])) != new {
		fail("the proof of growth rests on other checkpoints")
	}
	path := hashes(strings.Split(parts[0], "\n")[1:])
	check(tlog.CheckTree(path, new.N, new.Hash, old.N, old.Hash), "proof of growth")

	count := 0
	for place := range path {
		mutant := append([]tlog.Hash(nil), path...)
		mutant[place][place%tlog.HashSize] ^= 1
		if tlog.CheckTree(mutant, new.N, new.Hash, old.N, old.Hash) == nil ||
			tlog.CheckTree(path[:place], new.N, new.Hash, old.N, old.Hash) == nil {
			fail("a false proof of growth verifies")
		}
		count += 2
	}
	return count
}

// storage holds the hashes of a tree in the order in which Go stores them.
type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("hash %d is not in the tree", index)
		}
		hashes = append(hashes, s[index])
	}
	return hashes, nil
}

// nameOf gives the file of a tile; its path does not name the height, which is always 8.
func nameOf(tile tlog.Tile) string {
	return "out/tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
}

// tiles verifies the bundles of entries against the signed root, and each tile against the tree of those entries.
//
// Go's TileHashReader would do it from the tiles alone, but in Debian's version it passes over up to two tiles
// (CVE-2026-56865), so the tree is built from the entries here.
func (s *stranger) tiles(old, new tlog.Tree) (int, int) {
	files, mutants := 0, 0
	for _, tree := range []tlog.Tree{old, new} {
		var bundles [][]byte
		var tiles []tlog.Tile
		for _, tile := range tlog.NewTiles(8, 0, tree.N) {
			// Go also lists the narrower tiles of every size on the way, which nobody has to publish.
			if tile.W == 256 || tile.N<<8+int64(tile.W) == tree.N>>uint(8*tile.L) {
				tiles = append(tiles, tile)
			}
		}
		for _, tile := range tiles {
			if tile.L == 0 {
				name := strings.Replace(nameOf(tile), "tile/0/", "tile/entries/", 1)
				bundles = append(bundles, read(s.dir, name))
			}
		}
		hashes, err := treeOf(bundles, tree)
		check(err, "bundles of entries")
		files += len(bundles)
		for number, whole := range bundles {
			for place := 0; place < len(whole); place += 997 {
				mutant := append([]byte(nil), whole...)
				mutant[place] ^= 1
				for _, altered := range [][]byte{mutant, whole[:place], append(mutant, 0)} {
					bundles[number] = altered
					if _, err := treeOf(bundles, tree); err == nil {
						fail("bundle %d altered at byte %d verifies", number, place)
					}
					mutants++
				}
			}
			bundles[number] = whole
		}
		for _, tile := range tiles {
			data := read(s.dir, nameOf(tile))
			proved, err := tlog.ReadTileData(tile, hashes)
			check(err, nameOf(tile))
			if !bytes.Equal(data, proved) {
				fail("%s is not what the root says", nameOf(tile))
			}
			files++
		}
	}
	return files, mutants
}

// treeOf builds the tree over the entries of some bundles, which must have the signed root.
func treeOf(bundles [][]byte, tree tlog.Tree) (storage, error) {
	var hashes storage
	count := int64(0)
	for _, data := range bundles {
		for len(data) > 0 {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("a bundle breaks off after entry %d", count)
			}
			length := int(binary.BigEndian.Uint16(data))
			stored, err := tlog.StoredHashes(count, data[2:2+length], hashes)
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, stored...)
			data = data[2+length:]
			count++
		}
	}
	if count != tree.N {
		return nil, fmt.Errorf("%d entries, and the checkpoint speaks of %d", count, tree.N)
	}
	root, err := tlog.TreeHash(count, hashes)
	if err == nil && root != tree.Hash {
		err = fmt.Errorf("the entries have another root")
	}
	return hashes, err
}
