//go:build !linux

package tensor

// Drop does nothing on this system, whose standard library cannot give the
// advice; it reclaims clean pages of a mapping by itself when memory is short.
func (m *Mapping) Drop(b []byte) {}
