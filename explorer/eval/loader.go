package eval

import (
	"fmt"
	"runtime"
	"slices"

	"headscope/gpu"
	"headscope/models/tensor"
)

// loader moves parameters to the device in pieces. Workers decode, look for NaN and fill
// the mapped pieces of a gpu.Uploader; the goroutine that owns the device takes the pieces,
// hands them out in order and sends them on in the same order.
type loader struct {
	d        *gpu.Device
	uploader *gpu.Uploader
	progress func(int64)
	warnings []string
	jobs     chan *job
	filling  []*job // in order of their pieces
	err      error
}

// job is a range of rows of a stored tensor on its way to rows of a device's.
type job struct {
	s     *tensor.Stored
	first int // row of s
	rows  int
	cols  int

	to     gpu.Tensor
	offset int // floats into to's buffer
	piece  *gpu.Piece

	done chan struct{} // closed when the piece is full
	bad  int           // element of s with the first NaN or infinity, or -1
	err  error
	sent func(*job) // called when the piece is on its way
}

func newLoader(d *gpu.Device, progress func(int64)) (*loader, error) {
	workers := min(runtime.GOMAXPROCS(0), 4) // more are not faster than memory
	l := &loader{d: d, progress: progress, jobs: make(chan *job, workers)}
	var err error
	// Each worker fills a piece while others wait for the device or are being copied.
	if l.uploader, err = d.NewUploader(3*workers + 2); err != nil {
		return nil, err
	}
	for range workers {
		go work(l.jobs)
	}
	return l, nil
}

// close sends what is still under way and ends the workers.
func (l *loader) close() error {
	for len(l.filling) > 0 {
		l.sendFirst()
	}
	close(l.jobs)
	l.uploader.Release()
	return l.err
}

// upload makes the handle of one parameter, a vector [n] as [1, n], and starts to fill it.
// sent is called when nothing more is read from s.
func (l *loader) upload(name string, s *tensor.Stored, sent func()) (*handle, error) {
	from, err := loaded(onDevice(name, s))
	if err != nil {
		return nil, err
	}
	rows, cols := matrixShape(from.Shape)
	h := &handle{}
	left := 0 // jobs of this parameter
	warned := false
	finish := func(j *job) {
		if l.err == nil && j.err != nil {
			l.err = fmt.Errorf("%s: %w", name, j.err)
		}
		if j.bad >= 0 && !warned {
			warned = true
			at := position(from.Shape, j.bad)
			if from.Fortran != s.Fortran { // as the file has it
				slices.Reverse(at)
			}
			l.warnings = append(l.warnings, fmt.Sprintf("%s holds a NaN or infinity at %v: what depends on it is not to be trusted", name, at))
		}
		if left--; left == 0 {
			sent()
		}
	}
	step := max(1, gpu.PieceFloats/gpu.Stride4(cols))
	left = 1 // until all are handed out
	for first := 0; first < rows; {
		part := min(rows-first, partRows(l.d, cols))
		t, err := l.d.NewTensor(name, 1, part, cols)
		if err != nil {
			return h, err
		}
		h.parts = append(h.parts, t)
		for row := 0; row < part; row += step {
			left++
			j := &job{s: from, first: first + row, rows: min(step, part-row), cols: cols, to: t, offset: row * t.RowStride, sent: finish}
			if err := l.fill(j); err != nil {
				return h, err
			}
		}
		first += part
	}
	if left--; left == 0 {
		sent()
	}
	return h, nil
}

// fill takes a piece for a job and hands it to a worker, after sending the first that was
// handed out if all workers have one.
func (l *loader) fill(j *job) (err error) {
	if len(l.filling) == cap(l.jobs) {
		l.sendFirst()
	}
	if l.err != nil {
		return l.err
	}
	if j.piece, err = l.uploader.Take(j.rows * j.to.RowStride); err != nil {
		return err
	}
	j.done = make(chan struct{})
	l.filling = append(l.filling, j)
	l.jobs <- j
	return nil
}

// sendFirst waits for the job that was handed out first and sends its piece. After an
// error nothing more is sent, only waited for.
func (l *loader) sendFirst() {
	j := l.filling[0]
	l.filling = l.filling[1:]
	<-j.done
	j.sent(j)
	if l.err == nil {
		l.err = l.uploader.Send(j.piece, j.to.Buffer, j.offset)
	}
	l.progress(int64(4 * j.rows * j.cols))
}

// blockFloats is what a worker decodes at a time: it stays in a core's cache while it is
// looked through, and device memory, which may be slow to read, is only written.
const blockFloats = 64 << 10

func work(jobs chan *job) {
	var scratch []float32
	for j := range jobs {
		j.bad = -1
		if need := max(blockFloats, j.cols); len(scratch) < need {
			scratch = make([]float32, need)
		}
		j.fill(scratch)
		close(j.done)
	}
}

// fill decodes the job's rows into its piece, with zeros in the rows' padding.
func (j *job) fill(scratch []float32) {
	view, whole := j.s.View()
	stride := j.to.RowStride
	step := max(1, blockFloats/j.cols)
	for row := 0; row < j.rows; row += step {
		n := min(step, j.rows-row)
		start := (j.first + row) * j.cols
		block := scratch[:n*j.cols]
		if whole {
			block = view[start : start+n*j.cols]
		} else if j.err = j.s.Decode(block, start); j.err != nil {
			return
		}
		if bad := tensor.FirstNonFinite(block); bad >= 0 && j.bad < 0 {
			j.bad = start + bad
		}
		out := j.piece.Data[row*stride:]
		if stride == j.cols {
			copy(out, block)
			continue
		}
		for r := range n {
			end := copy(out[r*stride:], block[r*j.cols:(r+1)*j.cols])
			clear(out[r*stride+end : (r+1)*stride])
		}
	}
}

// position is the index tuple of element i of a shape.
func position(shape []int, i int) []int {
	at := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		at[d], i = i%shape[d], i/shape[d]
	}
	return at
}
