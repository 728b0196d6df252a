package kernels

import (
	"reflect"
	"strings"
	"testing"

	"headscope/wgsl"
)

// Every Params struct in Go has the fields of its shader's, at the same offsets.
func TestParamsEqualShaders(t *testing.T) {
	params := map[string]any{
		"embed": embedParams{}, "layernorm": layerNormParams{}, "softmax": softmaxParams{}, "add": addParams{},
		"activate": activateParams{}, "reduce": reduceParams{}, "standardize": standardizeParams{}, "pyramid": pyramidParams{}, "condense": condenseParams{}, "topk": topKParams{}, "traits": traitsParams{}, "compare": compareParams{},
		"colorize": colorizeParams{}, "paint": paintParams{}, "shrink": shrinkParams{}, "matmul": matMulParams{}, "matvec": matMulParams{}, "fma": peakParams{},
		"reached": reachedParams{}, "sums": sumsParams{}, "products": productsParams{},
	}
	seen := map[string]bool{}
	for _, name := range wgsl.Names() {
		source, err := wgsl.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := wgsl.Reflect(source)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Entries) != 1 || s.Entries[0] != "main" {
			continue // a render shader
		}
		kernel, _, _ := strings.Cut(name, "_")
		p, ok := params[kernel]
		if !ok {
			continue // belongs to another package
		}
		seen[kernel] = true
		want := fieldsOf(reflect.TypeOf(p))
		if size := int(reflect.TypeOf(p).Size()); size != s.ParamsSize {
			t.Errorf("%s: Params takes %d bytes, in Go %d", name, s.ParamsSize, size)
		}
		for i, f := range s.Params {
			if i >= len(want) || want[i].offset != f.Offset || want[i].kind != f.Type || !sameName(want[i].name, f.Name) {
				t.Errorf("%s: field %d is %+v, in Go %+v", name, i, f, want[min(i, len(want)-1)])
			}
		}
	}
	for kernel := range params {
		if !seen[kernel] {
			t.Errorf("there is no shader for the params of %s", kernel)
		}
	}
}

type field struct {
	name, kind string
	offset     int
}

// fieldsOf flattens a struct of 4-byte fields, with an entry an element of an array.
func fieldsOf(s reflect.Type) (fields []field) {
	kinds := map[reflect.Kind]string{reflect.Uint32: "u32", reflect.Int32: "i32", reflect.Float32: "f32"}
	for i := range s.NumField() {
		f := s.Field(i)
		if f.Type.Kind() == reflect.Array {
			for j := range f.Type.Len() {
				fields = append(fields, field{f.Name, kinds[f.Type.Elem().Kind()], int(f.Offset) + 4*j})
			}
			continue
		}
		fields = append(fields, field{f.Name, kinds[f.Type.Kind()], int(f.Offset)})
	}
	return fields
}

// sameName compares OutStride4 and out_stride4; unused fields may be numbered.
func sameName(inGo, inShader string) bool {
	inShader = strings.ReplaceAll(inShader, "_", "")
	return strings.EqualFold(inGo, inShader) || inGo == "Unused" && strings.HasPrefix(inShader, "unused")
}
