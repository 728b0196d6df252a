package record

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// palette is the colours of a film, and which of them stands for any other colour.
type palette struct {
	colours [][3]byte
	nearest []byte // by shade
}

// A shade is all colours with the same upper bits of every channel: one of the palette stands
// for all of them.
const (
	shadeBits = 6
	shadeRest = 8 - shadeBits
	shades    = 1 << (3 * shadeBits)
)

func shadeOf(r, g, b byte) int {
	return int(r>>shadeRest)<<(2*shadeBits) | int(g>>shadeRest)<<shadeBits | int(b>>shadeRest)
}

// tone is the pixels of one shade in some pictures.
type tone struct {
	shade int
	count float64
	mean  [3]float64 // red, green, blue
}

// newPalette chooses at most size colours that stand for those of some pictures with a small
// sum of squared errors. Up to as many shades are kept as they are. It begins with one set of
// all tones and splits, as long as there are colours left, the set with the largest error.
func newPalette(size int, samples []*image.NRGBA) *palette {
	tones := tonesOf(samples)
	sets := []toneSet{newToneSet(tones)}
	for len(sets) < size {
		worst := 0
		for i, s := range sets {
			if s.loss > sets[worst].loss {
				worst = i
			}
		}
		if len(sets[worst].tones) < 2 {
			break
		}
		a, b := sets[worst].split()
		sets[worst] = a
		sets = append(sets, b)
	}
	p := &palette{nearest: make([]byte, shades)}
	for _, s := range sets {
		p.colours = append(p.colours, [3]byte{level(s.mean[0]), level(s.mean[1]), level(s.mean[2])})
	}
	for s := range p.nearest {
		const mask, middle = 1<<shadeBits - 1, 1 << shadeRest / 2
		p.nearest[s] = p.find(s>>(2*shadeBits)<<shadeRest+middle, s>>shadeBits&mask<<shadeRest+middle, s&mask<<shadeRest+middle)
	}
	for _, t := range tones {
		p.nearest[t.shade] = p.find(int(level(t.mean[0])), int(level(t.mean[1])), int(level(t.mean[2])))
	}
	return p
}

func level(x float64) byte { return byte(math.Round(x)) }

// find is the number of the palette's colour that is nearest to another.
func (p *palette) find(r, g, b int) byte {
	best, least := 0, math.MaxInt
	for i, c := range p.colours {
		dr, dg, db := int(c[0])-r, int(c[1])-g, int(c[2])-b
		if d := dr*dr + dg*dg + db*db; d < least {
			best, least = i, d
		}
	}
	return byte(best)
}

// index is the number of the palette's colour for the pixel that begins at a place of an
// image's pixels.
func (p *palette) index(pix []byte, at int) byte {
	c := pix[at : at+4 : at+4]
	return p.nearest[shadeOf(c[0], c[1], c[2])]
}

// tonesOf counts the pixels of every shade that occurs.
func tonesOf(samples []*image.NRGBA) []tone {
	sums := make([][4]int, shades) // red, green, blue, count
	for _, img := range samples {
		for at := 0; at < len(img.Pix); at += 4 {
			c := img.Pix[at : at+4 : at+4]
			sum := &sums[shadeOf(c[0], c[1], c[2])]
			sum[0] += int(c[0])
			sum[1] += int(c[1])
			sum[2] += int(c[2])
			sum[3]++
		}
	}
	var tones []tone
	for s, sum := range sums {
		if n := float64(sum[3]); n > 0 {
			tones = append(tones, tone{s, n, [3]float64{float64(sum[0]) / n, float64(sum[1]) / n, float64(sum[2]) / n}})
		}
	}
	return tones
}

// toneSet is tones that become one colour, their mean.
type toneSet struct {
	tones []tone
	mean  [3]float64
	loss  float64 // the sum of squared errors
	axis  int     // the channel with most of it
}

func newToneSet(tones []tone) toneSet {
	s := toneSet{tones: tones}
	var count float64
	for _, t := range tones {
		count += t.count
		for c, x := range t.mean {
			s.mean[c] += x * t.count
		}
	}
	for c := range s.mean {
		s.mean[c] /= count
	}
	var loss [3]float64
	for _, t := range tones {
		for c, x := range t.mean {
			loss[c] += t.count * (x - s.mean[c]) * (x - s.mean[c])
		}
	}
	for c, l := range loss {
		if s.loss += l; l > loss[s.axis] {
			s.axis = c
		}
	}
	return s
}

// split divides a set of at least two tones along its axis, where the loss in that channel
// becomes least.
func (s toneSet) split() (a, b toneSet) {
	slices.SortFunc(s.tones, func(a, b tone) int { return cmp.Compare(a.mean[s.axis], b.mean[s.axis]) })
	var count, sum float64 // of all tones, less the mean
	for _, t := range s.tones {
		count += t.count
	}
	at, gain, below := 1, -1.0, 0.0
	for i, t := range s.tones[:len(s.tones)-1] {
		below += t.count
		sum += t.count * (t.mean[s.axis] - s.mean[s.axis])
		// The two parts' sums are opposite: squared, over their counts, they are what is gained.
		if g := sum * sum * (1/below + 1/(count-below)); g > gain {
			at, gain = i+1, g
		}
	}
	return newToneSet(s.tones[:at]), newToneSet(s.tones[at:])
}
