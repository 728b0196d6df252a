package tensor_test

import (
	"fmt"

	"headscope/models/tensor"
)

// A weight stored as bfloat16 [out 2, in 3], read as [in, out].
func ExampleStored() {
	w := &tensor.Stored{
		Name: "c_proj.weight", Shape: []int{2, 3}, Dtype: tensor.BF16,
		Bytes: []byte{0x80, 0x3f, 0x00, 0x40, 0x40, 0x40, 0x80, 0x40, 0xa0, 0x40, 0xc0, 0x40},
	}
	t, err := w.Transposed().Tensor()
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range t.Rows() {
		fmt.Println(t.Row(i))
	}
	// Output:
	// [1 4]
	// [2 5]
	// [3 6]
}
