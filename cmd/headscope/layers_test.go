package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layer says which packages of this module the packages below a prefix may import,
// beside each other, and whether they may use cgo.
type layer struct {
	prefix string
	may    []string
	cgo    bool
}

// layers are looked through in this order: the longer prefix first.
var layers = []layer{
	{"wgsl", nil, false},
	{"models/tensor", nil, false},
	{"models", []string{"wgsl", "models"}, false},
	{"explorer/expr", []string{"models/tensor"}, false},
	{"explorer/layout", []string{"models/tensor", "explorer/expr"}, false},
	{"explorer/partition", []string{"models/tensor", "explorer/expr", "explorer/layout"}, false},
	{"explorer/anim", []string{"models/tensor", "explorer/expr", "explorer/layout", "explorer/partition"}, false},
	{"explorer/camera", []string{"models/tensor", "explorer/expr", "explorer/layout", "explorer/partition"}, false},
	{"explorer/session", []string{"models/tensor", "explorer/expr", "explorer/layout", "explorer/partition", "explorer/camera"}, false},
	{"explorer/leaf", []string{"models", "explorer/expr"}, false},
	{"explorer/mmtest", nil, false},
	{"explorer/record", []string{"models/tensor"}, false},
	{"explorer/scene", []string{"wgsl", "models", "explorer/expr", "explorer/layout", "explorer/partition", "explorer/camera", "explorer/session"}, false},
	{"gpu", []string{"wgsl", "gpu"}, true},
	{"explorer/eval", []string{"wgsl", "models", "gpu", "explorer/expr", "explorer/layout", "explorer/partition", "explorer/anim", "explorer/session"}, true},
	{"explorer/bench", []string{"wgsl", "models", "gpu", "explorer/expr", "explorer/session", "explorer/eval"}, true},
	{"explorer/view", below("view"), true},
	{"explorer/workspace", below("workspace"), true},
	{"explorer/ui", below("ui"), true},
	{"explorer/app", below("app"), true},
	{"cmd", []string{"wgsl", "models", "gpu", "explorer"}, true},
}

// below lists what a package of the window may import: the engine, and the window's packages
// that come before it.
func below(name string) []string {
	may := []string{"wgsl", "models", "gpu"}
	for _, p := range []string{"expr", "layout", "partition", "anim", "camera", "session", "leaf", "scene", "eval", "view", "bench", "workspace", "ui", "app"} {
		if p == name {
			break
		}
		may = append(may, "explorer/"+p)
	}
	return may
}

// foreign are libraries with C code, and who alone may import each; the longer path first.
var foreign = []struct{ library, by string }{
	{"github.com/AllenDang/cimgui-go", "explorer/ui"},
	{"github.com/rajveermalviya/go-webgpu/wgpuext/glfw", "explorer/app"},
	{"github.com/rajveermalviya/go-webgpu", "gpu"},
	{"github.com/go-gl/glfw", "explorer/app"},
}

// Packages import only what lies in layers below theirs, and those without cgo stay so.
func TestLayers(t *testing.T) {
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "headscope/...")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	within := func(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(strings.ReplaceAll(line, "headscope/", ""))
		path, imports := fields[0], fields[1:]
		at := slices.IndexFunc(layers, func(l layer) bool { return within(path, l.prefix) })
		if at < 0 {
			t.Errorf("%s is in no layer", path)
			continue
		}
		l := layers[at]
		for _, i := range imports {
			lib := slices.IndexFunc(foreign, func(f struct{ library, by string }) bool { return within(i, f.library) })
			if !l.cgo && (i == "C" || lib >= 0) {
				t.Errorf("%s imports %s: its layer has no cgo", path, i)
			}
			if lib >= 0 && !within(path, foreign[lib].by) {
				t.Errorf("%s imports %s: only %s does", path, i, foreign[lib].by)
			}
			ours := slices.ContainsFunc(layers, func(o layer) bool { return within(i, o.prefix) })
			allowed := within(i, l.prefix) || slices.ContainsFunc(l.may, func(m string) bool { return within(i, m) })
			if ours && !allowed {
				t.Errorf("%s imports %s, which is not in a layer below %s", path, i, l.prefix)
			}
		}
	}
}
