// Package wgsl holds the shaders as text: one kernel or render shader a file, code that
// several of them use in shared/, brought in by a line
//
//	#import "shared/name.wgsl"
//
// once however often it is named. Where sizes must be literal (workgroup sizes, unrolled
// tiles), the file is a text/template ending in .wgsl.tmpl and a table of variants names
// the kernels made of it. [Source] gives the final text by name, [Names] lists all names
// and [Reflect] reads from a text what Go must agree with: bindings, workgroup size and
// the layout of its uniform struct Params.
//
// The kernels' CPU twins are in the folder cpu.
package wgsl

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/template"
)

//go:embed *.wgsl *.wgsl.tmpl shared/*.wgsl
var files embed.FS

// rows are the two ways to work on a matrix row: a thread (software adapters) or a
// workgroup (GPUs). They make the kernels NAME_thread and NAME_group.
var rows = []struct {
	Row  string // which shared/row_*.wgsl
	Size int    // threads a workgroup
}{{"thread", 8}, {"group", 64}}

// variant is a kernel made of a template.
type variant struct {
	template string
	data     any
}

// level is a mip level that a kernel makes of the one above it.
type level struct {
	Level, Above, Binding int
	Covers                int // texels of level 0, if all sides are halves
}

// levels are the first n below level 0, bound one after the other from a binding on.
func levels(n, binding int) []level {
	all := make([]level, n)
	for i := range all {
		all[i] = level{i + 1, i, binding + i, 4 << (2 * i)}
	}
	return all
}

// variants is the table of all kernels made of templates, by name.
func variants() map[string]variant {
	table := map[string]variant{}
	for _, name := range []string{"layernorm", "softmax", "reduce", "standardize", "topk", "traits", "compare"} {
		for _, r := range rows {
			table[name+"_"+r.Row] = variant{name + ".wgsl.tmpl", r}
		}
	}
	for name, d := range map[string]struct{ Far, Near, Lit bool }{"far": {Far: true}, "near": {Near: true}, "mixed": {Far: true, Near: true}, "lit": {true, true, true}} {
		table["plane_"+name] = variant{"plane.wgsl.tmpl", d}
	}
	for name, v := range map[string]struct{ Near, Far bool }{"near": {Near: true}, "mid": {}, "far": {Far: true}} {
		table["heatmap_"+name] = variant{"heatmap.wgsl.tmpl", v}
	}
	for n := range 4 {
		table[fmt.Sprintf("paint_%d", n)] = variant{"paint.wgsl.tmpl", levels(n, 4)}
		if n > 0 {
			table[fmt.Sprintf("shrink_%d", n)] = variant{"shrink.wgsl.tmpl", levels(n, 2)}
		}
	}
	table["boxes"] = variant{"boxes.wgsl.tmpl", struct{ Key bool }{false}}
	table["keys"] = variant{"boxes.wgsl.tmpl", struct{ Key bool }{true}}
	addProducts(table)
	addAttention(table)
	return table
}

// Names lists every kernel and render shader, sorted.
func Names() []string {
	var names []string
	for name := range variants() {
		names = append(names, name)
	}
	plain, _ := fs.Glob(files, "*.wgsl")
	for _, path := range plain {
		names = append(names, strings.TrimSuffix(path, ".wgsl"))
	}
	slices.Sort(names)
	return names
}

// Source returns the final text of the shader called name. Its error names the file and
// line of an import that is missing or not a file of shared/.
func Source(name string) (string, error) {
	path := name + ".wgsl"
	var text string
	if v, ok := variants()[name]; ok {
		path = v.template
		t, err := template.ParseFS(files, path)
		if err != nil {
			return "", fmt.Errorf("wgsl: %w", err)
		}
		var b strings.Builder
		if err := t.Execute(&b, v.data); err != nil {
			return "", fmt.Errorf("wgsl: %w", err)
		}
		text = b.String()
	} else {
		b, err := files.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("wgsl: there is no shader %q", name)
		}
		text = string(b)
	}
	var out strings.Builder
	if err := expand(&out, files, path, text, map[string]bool{}); err != nil {
		return "", err
	}
	return out.String(), nil
}

// expand writes text with its imports in place; done holds the files already written,
// which also ends a cycle.
func expand(out *strings.Builder, files fs.FS, path, text string, done map[string]bool) error {
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		target, ok := strings.CutPrefix(strings.TrimSpace(line), "#import ")
		if !ok {
			out.WriteString(line)
			out.WriteByte('\n')
			continue
		}
		target = strings.Trim(strings.TrimSpace(target), `"`)
		if done[target] {
			continue
		}
		done[target] = true
		b, err := fs.ReadFile(files, target)
		if err != nil || !strings.HasPrefix(target, "shared/") {
			return fmt.Errorf("wgsl: %s:%d: import of %q: there is no such file in shared/", path, i+1, target)
		}
		if err := expand(out, files, target, string(b), done); err != nil {
			return err
		}
	}
	return nil
}
