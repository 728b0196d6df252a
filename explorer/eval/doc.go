// Package eval runs models and expressions on the kernels.
//
// [Load] streams a model's parameters to a device, giving a [Model]: weights only.
// [Model.Activations] makes the working space of one prompt: a forward pass of
// models/gpt2 recorded once, every intermediate in a buffer of its own name
// (h.5.attn) or, where nobody asked to keep it, in one buffer that all layers share.
// Another prompt on the same Activations reuses buffers, pipelines and bind groups.
//
// An [Expression] holds the matrices of an expression tree of explorer/expr, each under its
// path (left.right). A Run checks the shapes and what memory they take, uploads the leaves
// that are not there yet ([Leaves]: each key once), and records, from the leaves to the
// root, every product with its epilog and the reductions that colours need, as one
// recording. Where the next Run has the same leaves and shapes, their values and buffers
// stay.
//
// A [Motion] is such an expression at a step of its animation (explorer/anim): the sums so
// far and the planes of products inside its cubes, computed of the complete matrices and the
// step's number alone. An [Online] is the online softmax of its attention, a block of keys a
// step, and a [Decode] the same expression for one token after the other.
package eval
