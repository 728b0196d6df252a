// Package gpu owns everything that touches the WebGPU binding: it is the only
// package (with those below it) that imports it.
//
// The way of the data, in order:
//
//  1. [Open] picks an adapter and makes a [Device] with the adapter's own limits.
//  2. [Device.NewBuffer] allocates; [Device.Upload] fills, an
//     [Uploader] where it is large; a [Tensor] is a view
//     of float32 values in a Buffer, shaped [batch, rows, cols].
//  3. [Device.Kernel] compiles a compute shader of package wgsl, once.
//  4. A [Recorder] collects dispatches and draws into command encoders: a whole
//     forward pass is one recording, cut into submits that stay short.
//  5. [Device.Read] is the single way back to the CPU; [Target] is an off-screen
//     picture that becomes a PNG.
//
// Layout of a Tensor: row-major float32; rows start at multiples of 4 floats and
// the padding behind a row's last column holds zeros, so that kernels may always
// load vec4s along the columns.
//
// Ownership: every handle has one owner, named on its field. Release is safe to
// call twice and on nil. A Device belongs to one goroutine at a time, because the
// binding's error scopes are kept per device.
//
// Errors: constructors return errors of one line. A [Recorder] keeps its first
// error and ignores what follows, so that launchers read like the mathematics;
// [Recorder.Submit] returns it.
package gpu
