package wgsl

import "fmt"

// AttentionHeads are the head sizes that attention kernels exist for whose text has the
// size as a literal; a head is padded with zeros to the next.
var AttentionHeads = []int{16, 32, 48, 64, 80, 96, 128}

// AttentionKeys are the keys a tile of attention_block.
var AttentionKeys = []int{8, 16, 32, 64}

// attention is a variant of an attention kernel: a query row a thread, its vec4s in registers.
type attention struct {
	D4   int // vec4s a head
	Keys int // a tile in workgroup memory
}

// addAttention adds the attention kernels to the table of variants.
func addAttention(table map[string]variant) {
	table["attention_scores"] = variant{"attention_scores.wgsl.tmpl", product{"nt", 4, 2, 1, 16, 4}}
	for _, d := range AttentionHeads {
		for _, keys := range AttentionKeys {
			table[fmt.Sprintf("attention_block_%d_%d", d, keys)] = variant{"attention_block.wgsl.tmpl", attention{d / 4, keys}}
		}
		table[fmt.Sprintf("attention_split_%d", d)] = variant{"attention_split.wgsl.tmpl", attention{D4: d / 4}}
	}
}

func (a attention) IDs() []int { return count(a.D4) }

// Rest are the vec4s of a head but the first.
func (a attention) Rest() []int { return count(a.D4)[1:] }

// Eight are the keys that a thread takes at once.
func (attention) Eight() []int { return count(8) }

// Tile is the vec4s of a tile of keys.
func (a attention) Tile() int { return a.Keys * a.D4 }

// Weights name the weights of eight keys.
func (attention) Weights() []string {
	return []string{"p_a.x", "p_a.y", "p_a.z", "p_a.w", "p_b.x", "p_b.y", "p_b.z", "p_b.w"}
}
