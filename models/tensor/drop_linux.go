package tensor

import (
	"os"
	"syscall"
	"unsafe"
)

// Drop tells the system that the pages of b are no longer needed, so that
// loading a large file never holds it twice. Only pages that lie wholly inside b
// are given up, and reading them again brings them back. A slice of anything but
// this mapping is left alone: the advice would wipe ordinary memory.
func (m *Mapping) Drop(b []byte) {
	page := uintptr(os.Getpagesize())
	begin := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	first := uintptr(unsafe.Pointer(unsafe.SliceData(m.data)))
	if begin < first || begin+uintptr(len(b)) > first+uintptr(len(m.data)) {
		return
	}
	skip := int((page - begin%page) % page)
	if skip >= len(b) {
		return
	}
	if whole := (len(b) - skip) / int(page) * int(page); whole > 0 {
		// Advice only: a refusal costs memory, not correctness.
		_ = syscall.Madvise(b[skip:skip+whole], syscall.MADV_DONTNEED)
	}
}
