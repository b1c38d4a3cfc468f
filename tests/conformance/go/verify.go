// Command verify checks a served change feed with Go's own transparency log packages.
//
// It shares no line with kreisweit.  Everything that decides (signed note, record hash, tree hash, tiles, record and tree
// proofs) is golang.org/x/mod/sumdb; this file only fetches and cuts.  It knows the paths of C2SP tlog-tiles, which leave
// out the tile height that Go's own paths carry (tile/8/0/001 is tile/0/001 here) and name record data "entries".
//
// In order: the checkpoint is opened with the given log key and read strictly; all entry bundles are hashed and must give
// the signed root; all hash tiles must be the ones of these records; records and, with -old, an older checkpoint are
// proven through the fetched tiles.  Not checked: cosignatures (note type 4 is unknown to this package), the grammar of
// the entries, payloads.
//
// Prints "OK origin size root" and exits 0, or prints the reason and exits 1.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height           = 8
	maxNoteBytes     = 16 << 10
	maxEntryBytes    = 2048
	maxBundleBytes   = (1 << height) * (2 + maxEntryBytes)
	maxProvenRecords = 1024
)

var canonicalSize = regexp.MustCompile(`^[1-9][0-9]{0,15}$`)

// errNotFound is a 404: for a partial tile the full one may stand instead.
var errNotFound = errors.New("404 not found")

func main() {
	url := flag.String("url", "", "prefix under which the log is served, ending before \"checkpoint\"")
	vkey := flag.String("vkey", "", "verifier key of the log (note type 1)")
	old := flag.String("old", "", "file with an older checkpoint of the same log")
	flag.Parse()
	if *url == "" || *vkey == "" || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	origin, tree, err := verify(&site{prefix: strings.TrimRight(*url, "/") + "/", client: newClient()}, *vkey, *old)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("OK", origin, tree.N, tree.Hash)
}

// verify returns the origin and the tree that the served log was proven to be.
func verify(s *site, vkey, old string) (string, tlog.Tree, error) {
	key, err := note.NewVerifier(vkey)
	if err != nil {
		return "", tlog.Tree{}, fmt.Errorf("vkey: %w", err)
	}
	message, err := s.fetch("checkpoint", maxNoteBytes)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	tree, err := openCheckpoint(message, key)
	if err != nil {
		return "", tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	records, stored, err := s.records(tree.N)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	if err := checkRoot(tree, stored); err != nil {
		return "", tlog.Tree{}, err
	}
	if err := s.checkTiles(tree.N, stored); err != nil {
		return "", tlog.Tree{}, err
	}
	reader := tlog.TileHashReader(tree, s)
	if err := checkRecords(tree, records, reader); err != nil {
		return "", tlog.Tree{}, err
	}
	if old != "" {
		if err := checkOlder(tree, old, key, reader); err != nil {
			return "", tlog.Tree{}, fmt.Errorf("older checkpoint: %w", err)
		}
	}
	return key.Name(), tree, nil
}

// openCheckpoint returns the tree of a checkpoint whose log line verifies and whose text is exactly three lines.
func openCheckpoint(message []byte, key note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(message, note.VerifierList(key))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("%d text lines, want 3", len(lines)-1)
	}
	if lines[0] != key.Name() {
		return tlog.Tree{}, fmt.Errorf("origin %q, the key is of %q", lines[0], key.Name())
	}
	if !canonicalSize.MatchString(lines[1]) {
		return tlog.Tree{}, fmt.Errorf("size %q is not canonical", lines[1])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil || root.String() != lines[2] {
		return tlog.Tree{}, fmt.Errorf("root %q is not canonical", lines[2])
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// hashes are all stored hashes of a tree, computed here from its records.
type hashes []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("hash %d is not of this tree", index)
		}
		found[i] = h[index]
	}
	return found, nil
}

func checkRoot(tree tlog.Tree, stored hashes) error {
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the bundles give root %v, the checkpoint signs %v", root, tree.Hash)
	}
	return nil
}

// checkTiles compares every hash tile of the tree with the one its records give.
func (s *site) checkTiles(size int64, stored hashes) error {
	tiles := tlog.NewTiles(height, 0, size)
	for i, tile := range tiles {
		if i+1 < len(tiles) && full(tiles[i+1]) == full(tile) {
			continue // NewTiles lists narrower states of the last tile as well: those of sizes perhaps never published
		}
		expected, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return err
		}
		served, err := s.tile(tile)
		if err != nil {
			return err
		}
		if !bytes.Equal(served, expected) {
			return fmt.Errorf("%s is not the tile of these records", tilePath(tile))
		}
	}
	return nil
}

// checkRecords proves records through the served tiles: all of a small log, an even sample and the last of a large one.
func checkRecords(tree tlog.Tree, records []tlog.Hash, reader tlog.HashReader) error {
	step := (tree.N + maxProvenRecords - 1) / maxProvenRecords
	for n := tree.N - 1; n >= 0; n -= step {
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		if err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, records[n]); err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
	}
	return nil
}

// checkOlder proves that the served tree extends the one of an older checkpoint.
func checkOlder(tree tlog.Tree, path string, key note.Verifier, reader tlog.HashReader) error {
	message, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	older, err := openCheckpoint(message, key)
	if err != nil {
		return err
	}
	if older.N > tree.N {
		return fmt.Errorf("size %d served, %d signed before", tree.N, older.N)
	}
	proof, err := tlog.ProveTree(tree.N, older.N, reader)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash)
}

// site is one served log; it remembers the hash tiles it was given.
type site struct {
	prefix string
	client *http.Client
	tiles  map[tlog.Tile][]byte
}

func newClient() *http.Client {
	return &http.Client{
		Timeout:   60 * time.Second,
		Transport: &http.Transport{DisableCompression: true, Proxy: nil},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("a feed never redirects")
		},
	}
}

// fetch returns the body of a 200 answer of at most limit bytes.
func (s *site) fetch(path string, limit int64) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, s.prefix+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Encoding", "identity")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("%s: %w", path, errNotFound)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: status %s", path, response.Status)
	}
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" {
		return nil, fmt.Errorf("%s: content encoding %s", path, encoding)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return body, nil
}

// tilePath is the C2SP path of a tile; level -1 is an entry bundle.
func tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tile.H))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

// full is the complete tile at the place of a partial one.
func full(tile tlog.Tile) tlog.Tile {
	tile.W = 1 << uint(tile.H)
	return tile
}

// tile returns the bytes of a hash tile; where a partial one is gone, those of the full one, cut.
func (s *site) tile(tile tlog.Tile) ([]byte, error) {
	if data, ok := s.tiles[tile]; ok {
		return data, nil
	}
	want := tile.W * tlog.HashSize
	data, err := s.fetch(tilePath(tile), int64(want))
	if errors.Is(err, errNotFound) && tile != full(tile) {
		data, err = s.fetch(tilePath(full(tile)), tlog.HashSize<<height)
	} else if err == nil && len(data) != want {
		err = fmt.Errorf("%s: %d bytes, want %d", tilePath(tile), len(data), want)
	}
	if err != nil {
		return nil, err
	}
	if len(data) < want {
		return nil, fmt.Errorf("%s: %d bytes, want %d", tilePath(full(tile)), len(data), want)
	}
	if s.tiles == nil {
		s.tiles = make(map[tlog.Tile][]byte)
	}
	s.tiles[tile] = data[:want]
	return s.tiles[tile], nil
}

// Height, ReadTiles and SaveTiles implement tlog.TileReader.
func (s *site) Height() int { return height }

func (s *site) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if data[i], err = s.tile(tile); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func (s *site) SaveTiles([]tlog.Tile, [][]byte) {}

// records fetches all bundles; returns the record hashes and all stored hashes of the tree they make.
func (s *site) records(size int64) ([]tlog.Hash, hashes, error) {
	var leaves []tlog.Hash
	var stored hashes
	for n := int64(0); n<<height < size; n++ {
		bundle := tlog.Tile{H: height, L: -1, N: n, W: 1 << height}
		if left := size - n<<height; left < 1<<height {
			bundle.W = int(left)
		}
		entries, err := s.bundle(bundle)
		if err != nil {
			return nil, nil, err
		}
		for _, entry := range entries {
			leaf := tlog.RecordHash(entry)
			added, err := tlog.StoredHashesForRecordHash(int64(len(leaves)), leaf, stored)
			if err != nil {
				return nil, nil, err
			}
			leaves, stored = append(leaves, leaf), append(stored, added...)
		}
	}
	return leaves, stored, nil
}

// bundle returns the entries of one bundle; where a partial one is gone, the first ones of the full bundle.
func (s *site) bundle(bundle tlog.Tile) ([][]byte, error) {
	given := bundle
	data, err := s.fetch(tilePath(given), maxBundleBytes)
	if errors.Is(err, errNotFound) && bundle != full(bundle) {
		given = full(bundle)
		data, err = s.fetch(tilePath(given), maxBundleBytes)
	}
	if err != nil {
		return nil, err
	}
	entries, err := cut(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tilePath(given), err)
	}
	if len(entries) != given.W {
		return nil, fmt.Errorf("%s: %d entries, want %d", tilePath(given), len(entries), given.W)
	}
	return entries[:bundle.W], nil
}

// cut splits a bundle at its big-endian length prefixes, leaving no byte over.
func cut(data []byte) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, fmt.Errorf("entry %d: length prefix is cut off", len(entries))
		}
		length := int(binary.BigEndian.Uint16(data))
		if length > maxEntryBytes {
			return nil, fmt.Errorf("entry %d: %d bytes, at most %d", len(entries), length, maxEntryBytes)
		}
		if len(data) < 2+length {
			return nil, fmt.Errorf("entry %d: %d bytes announced, %d left", len(entries), length, len(data)-2)
		}
		entries, data = append(entries, data[2:2+length]), data[2+length:]
	}
	return entries, nil
}
