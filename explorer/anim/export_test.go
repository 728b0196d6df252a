package anim

// Count is the number of indices that a matmul has gone through, one more once it ended.
func (r Result) Count() int { return r.count }
