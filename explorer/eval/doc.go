// Package eval runs models on the kernels.
//
// [Load] streams a model's parameters to a device, giving a [Model]: weights only.
// [Model.Activations] makes the working space of one prompt: a forward pass of
// models/gpt2 recorded once, every intermediate in a buffer of its own name
// (h.5.attn) or, where nobody asked to keep it, in one buffer that all layers share.
// Another prompt on the same Activations reuses buffers, pipelines and bind groups.
package eval
