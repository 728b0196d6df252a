package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"headscope/models/tensor"
)

// OpenSharded maps the files that an index (model.safetensors.index.json) names
// and returns the tensors it lists, by file and then in the order of their data.
// A tensor that a file holds but the index does not place there is left out. The
// files must lie in the folder of the index.
func OpenSharded(index string) (*tensor.File, error) {
	text, err := os.ReadFile(index)
	if err != nil {
		return nil, err
	}
	shards, placed, err := parseIndex(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", index, err)
	}
	f := &tensor.File{}
	for _, shard := range shards {
		if err := addShard(f, index, shard, placed); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

// addShard adds those tensors of a shard that placed has there.
func addShard(f *tensor.File, index, shard string, placed map[string]string) error {
	path := filepath.Join(filepath.Dir(index), filepath.FromSlash(shard))
	before := len(f.Tensors)
	if err := add(f, path); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s names %q, which is missing: fetch it into the same folder", index, shard)
		}
		return err
	}
	here := map[string]bool{}
	f.Tensors = append(f.Tensors[:before], slices.DeleteFunc(f.Tensors[before:], func(s *tensor.Stored) bool {
		here[s.Name] = placed[s.Name] == shard
		return !here[s.Name]
	})...)
	for _, name := range slices.Sorted(maps.Keys(placed)) {
		if placed[name] == shard && !here[name] {
			return fmt.Errorf("%s has no tensor %q, which %s places there", path, name, index)
		}
	}
	return nil
}

// parseIndex returns the shards in the order of their names, and the shard of
// each tensor.
func parseIndex(text []byte) (shards []string, placed map[string]string, err error) {
	if err := uniqueNames(text); err != nil {
		return nil, nil, fmt.Errorf("safetensors index: %w", err)
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, nil, fmt.Errorf("safetensors index: %w", err)
	}
	if len(index.WeightMap) == 0 {
		return nil, nil, errors.New(`safetensors index: "weight_map" places no tensor`)
	}
	for _, name := range slices.Sorted(maps.Keys(index.WeightMap)) {
		shard := index.WeightMap[name]
		if !filepath.IsLocal(filepath.FromSlash(shard)) {
			return nil, nil, fmt.Errorf("safetensors index: tensor %q is placed in %q, outside of the folder", name, shard)
		}
		shards = append(shards, shard)
	}
	slices.Sort(shards)
	return slices.Compact(shards), index.WeightMap, nil
}
