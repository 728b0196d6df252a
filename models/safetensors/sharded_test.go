package safetensors

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headscope/models/tensor"
)

const indexName = "model.safetensors.index.json"

// writeShards makes a folder with two shards and an index of the given text.
func writeShards(t *testing.T, index string) (path string) {
	t.Helper()
	dir := t.TempDir()
	for name, entries := range map[string][]*tensor.Stored{
		"model-00001-of-00002.safetensors": {vector("wte.weight", 1, 2), vector("extra", 9)},
		"model-00002-of-00002.safetensors": {vector("ln_f.weight", 3), vector("ln_f.bias", 4)},
	} {
		if err := WriteFile(filepath.Join(dir, name), tensor.F32, entries); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(dir, indexName)
	if err := os.WriteFile(path, []byte(index), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenSharded(t *testing.T) {
	f, err := OpenSharded(writeShards(t, `{"metadata":{"total_size":16},"weight_map":{
		"wte.weight":"model-00001-of-00002.safetensors",
		"ln_f.bias":"model-00002-of-00002.safetensors",
		"ln_f.weight":"model-00002-of-00002.safetensors"}}`))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []string
	for _, s := range f.Tensors {
		x, err := s.Tensor()
		got = append(got, fmt.Sprintf("%s%v%v", s.Name, x.Data, err))
	}
	want := []string{"wte.weight[1 2]<nil>", "ln_f.weight[3]<nil>", "ln_f.bias[4]<nil>"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOpenShardedRefuses(t *testing.T) {
	const one = "model-00001-of-00002.safetensors"
	for index, want := range map[string]string{
		"":                                         "unexpected end",
		"[]":                                       "object is expected",
		"{}":                                       "places no tensor",
		`{"weight_map":[]}`:                        "weight_map",
		`{"weight_map":{"a":1}}`:                   "weight_map",
		`{"weight_map":{"a":"x","a":"y"}}`:         `"a" is there twice`,
		`{"weight_map":{"a":""}}`:                  "outside of the folder",
		`{"weight_map":{"a":"../x"}}`:              `"../x", outside of the folder`,
		`{"weight_map":{"a":"/etc/passwd"}}`:       "outside of the folder",
		`{"weight_map":{"a":"b/../../x"}}`:         "outside of the folder",
		`{"weight_map":{"a":"gone"}}`:              `"gone", which is missing`,
		`{"weight_map":{"a":"` + one + `"}}`:       `has no tensor "a"`,
		`{"weight_map":{"a":"."}}`:                 "not a regular file",
		`{"weight_map":{"a":"` + indexName + `"}}`: "not a safetensors file",
	} {
		if _, err := OpenSharded(writeShards(t, index)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", index, err, want)
		}
	}
	if _, err := OpenSharded(filepath.Join(t.TempDir(), indexName)); err == nil {
		t.Error("a missing index: no error")
	}
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"metadata":{"total_size":16},"weight_map":{"wte.weight":"a.safetensors","ln_f.bias":"b/c.safetensors"}}`))
	f.Add([]byte(`{"weight_map":{"a":"../x"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		shards, placed, err := parseIndex(text)
		if err != nil {
			return
		}
		if len(placed) == 0 || len(shards) == 0 || len(shards) > len(placed) {
			t.Fatalf("%d shards for %d tensors", len(shards), len(placed))
		}
		for _, shard := range placed {
			if _, found := slices.BinarySearch(shards, shard); !found {
				t.Fatalf("shard %q is not listed in %q", shard, shards)
			}
			if path := filepath.Join("/folder", filepath.FromSlash(shard)); path != "/folder" && !strings.HasPrefix(path, "/folder/") {
				t.Fatalf("%q leads out of the folder", shard)
			}
		}
	})
}
