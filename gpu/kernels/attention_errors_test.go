package kernels

import (
	"math"
	"math/rand"
	"strings"
	"testing"

	"headscope/gpu"
	"headscope/gpu/gputest"
)

// What cannot be computed is refused in one line that says what was expected.
func TestAttentionErrors(t *testing.T) {
	d := gputest.Device(t)
	s := &scratch{t: t, d: d}
	defer s.release()
	x, long := s.tensor(2, 8, 64), s.tensor(2, 9, 64)
	out, lse, work := s.tensor(2, 8, 64), s.sums(2, 8), s.tensor(1, 1, 1<<16)
	for _, c := range []struct {
		family gpu.Family
		a      Attention
		head   int
		want   string
	}{
		{gpu.Registers, Attention{}, 0, "heads of 0; a multiple of 4 up to 128"},
		{gpu.Registers, Attention{}, 66, "heads of 66;"},
		{gpu.Workgroups, Attention{}, 132, "heads of 132;"},
		{gpu.Registers, Attention{BlockQ: 32}, 64, "blocks of 32 queries; a multiple of 64 up to 2048"},
		{gpu.Registers, Attention{BlockK: 4096}, 64, "blocks of 4096 keys; a multiple of 64 up to 2048"},
		{gpu.Workgroups, Attention{BlockK: 48}, 64, "blocks of 48 keys; one of [8 16 32 64]"},
		{gpu.Registers, Attention{Mask: Mask{Causal: true, Position: -1}}, 64, "position -1; 0 to 1073741824"},
	} {
		d.Family = c.family
		if err := c.a.Check(d, c.head); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v, heads of %d: %v", c.a, c.head, err)
		}
		if c.head != 64 {
			continue
		}
		r := d.Record("bad")
		BlockwiseAttention(r, out, lse, work, x, x, x, c.a)
		if err := r.Submit(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.a, err)
		}
	}
	d.Family = gpu.Workgroups
	memory := d.Limits.WorkgroupStorage
	d.Limits.WorkgroupStorage = 32 << 10
	if err := (Attention{BlockK: 64}).Check(d, 128); err == nil || !strings.Contains(err.Error(), "64 KiB of workgroup memory") || !strings.Contains(err.Error(), "32 KiB") {
		t.Errorf("a tile larger than workgroup memory: %v", err)
	}
	d.Limits.WorkgroupStorage, d.Family = memory, gpu.Registers
	// Sizes of what cannot be computed are asked for before anything is checked.
	BlockwiseWork(d, 0, 0, 0, 0, Attention{BlockQ: -64, BlockK: -64})
	BlockwiseWork(d, 1, 8, 0, 64, Attention{})
	TraceWork(d, 1, 8, 4096, Attention{})
	RegionWork(2, Region{}, 0)
	for name, launch := range map[string]func(r *gpu.Recorder){
		"keys without values": func(r *gpu.Recorder) { BlockwiseAttention(r, out, lse, work, x, x, long, Attention{}) },
		"no room":             func(r *gpu.Recorder) { BlockwiseAttention(r, out, lse, work.Part(0, 1, 0, 8), x, x, x, Attention{}) },
		"another out":         func(r *gpu.Recorder) { BlockwiseAttention(r, long, lse, work, x, x, x, Attention{}) },
		"no queries":          func(r *gpu.Recorder) { BlockwiseAttention(r, out, lse, work, x.Part(0, 0, 0, 64), x, x, Attention{}) },
		"row 8": func(r *gpu.Recorder) {
			AttentionTrace(r, s.tensor(2, 1, 68), work, x, x, x, []int{8}, Attention{})
		},
		"region": func(r *gpu.Recorder) {
			AttentionRegion(r, s.tensor(2, 4, 8), work, x, x, lse, Attention{}, Region{Row: 4, Rows: 5, Cols: 8})
		},
		"region cells": func(r *gpu.Recorder) {
			AttentionRegion(r, s.tensor(2, 4, 18), work, x, x, lse, Attention{}, Region{Rows: 8, Cols: 8})
		},
	} {
		r := d.Record(name)
		launch(r)
		if err := r.Submit(); err == nil || !strings.HasPrefix(err.Error(), "kernels: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckFinite(t *testing.T) {
	d := gputest.Device(t)
	x := randomHeads(rand.New(rand.NewSource(1)), 2, 70, 16)
	x.mat(2, 1).Row(5)[3], x.mat(2, 1).Row(69)[0] = float32(math.Inf(1)), float32(math.NaN())
	q, k, v := x.tensors(t, d)
	defer q.Buffer.Release()
	if err := CheckFinite(d, q, k); err != nil {
		t.Error(err)
	}
	if err := CheckFinite(d, q, k, v); err == nil || !strings.Contains(err.Error(), "qkv [2, 70, 16]: 2 values of matrix 1 are NaN") {
		t.Errorf("values that are none: %v", err)
	}
}
