package csv

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
)

// number reads a decimal number, or nan or inf as NumPy spells them, at the
// start of text[at:], after spaces. It returns float32(d), d being the float64
// nearest to the number, and where the number ends; that is at if there is none.
func number(text []byte, at int) (v float32, end int) {
	i := at
	if i < len(text) && (text[i] == ' ' || text[i] == '\t') {
		i = skipSpace(text, i)
	}
	start := i
	negative := false
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		negative = text[i] == '-'
		i++
	}

	// The digits without the point make an integer; digits counts those after
	// leading zeros, fraction those after the point.
	var mantissa uint64
	digits, fraction, any := 0, 0, false
	for ; i < len(text) && text[i]-'0' <= 9; i++ {
		any = true
		mantissa = mantissa*10 + uint64(text[i]-'0')
		if digits > 0 || text[i] != '0' {
			digits++
		}
	}
	if i < len(text) && text[i] == '.' {
		i++
		for point := i; i < len(text) && text[i]-'0' <= 9; i++ {
			any = true
			mantissa = mantissa*10 + uint64(text[i]-'0')
			if digits > 0 || text[i] != '0' {
				digits++
			}
			fraction = i + 1 - point
		}
	}
	if !any {
		return special(text, i, at, negative)
	}
	exponent := 0
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		minus := false
		if i < len(text) && (text[i] == '-' || text[i] == '+') {
			minus = text[i] == '-'
			i++
		}
		if i >= len(text) || text[i]-'0' > 9 {
			return 0, at
		}
		for ; i < len(text) && text[i]-'0' <= 9; i++ {
			if exponent < 1e6 {
				exponent = exponent*10 + int(text[i]-'0')
			}
		}
		if minus {
			exponent = -exponent
		}
	}

	d, ok := 0.0, digits <= 19 // what a uint64 always holds
	if ok {
		d, ok = scale(mantissa, exponent-fraction)
	}
	if !ok { // out of range is ±Inf or 0, which is the nearest float64
		d, _ = strconv.ParseFloat(string(text[start:i]), 64)
		return float32(d), i
	}
	if negative {
		d = -d
	}
	return float32(d), i
}

// special reads nan and inf at text[i:], after a sign.
func special(text []byte, i, at int, negative bool) (float32, int) {
	if len(text)-i >= 3 {
		switch string(text[i : i+3]) {
		case "nan":
			return float32(math.NaN()), i + 3
		case "inf":
			if negative {
				return float32(math.Inf(-1)), i + 3
			}
			return float32(math.Inf(1)), i + 3
		}
	}
	return 0, at
}

// minPower and maxPower bound the powers of ten that scale knows: 19 digits with
// them cover far more than float32 does, and never leave float64's normal range.
const minPower, maxPower = -90, 60

// powers holds 10^p for minPower <= p <= maxPower as mantissa * 2^exponent, the
// mantissa cut to 64 bits of which the highest is set.
var powers = func() (table [maxPower - minPower + 1]struct {
	mantissa uint64
	exponent int
}) {
	ten := big.NewInt(10)
	for i := range table {
		p := int64(i + minPower)
		shift := 0
		n := new(big.Int).Exp(ten, big.NewInt(max(p, -p)), nil)
		if p < 0 { // 1/n, with 64 bits or more of it kept
			shift = 64 + n.BitLen()
			n.Quo(new(big.Int).Lsh(big.NewInt(1), uint(shift)), n)
		}
		cut := n.BitLen() - 64
		if cut < 0 {
			n.Lsh(n, uint(-cut))
		} else {
			n.Rsh(n, uint(cut))
		}
		table[i].mantissa, table[i].exponent = n.Uint64(), cut-shift
	}
	return table
}()

// scale returns the float64 nearest to mantissa * 10^power, ties to even, and
// whether it could tell. (The idea is Lemire's, "Number parsing at a gigabyte
// per second", with one multiplication: 64 bits of product decide 53 bits of
// result except when they lie next to the middle between two float64, for about
// one number in 500.)
func scale(mantissa uint64, power int) (float64, bool) {
	if mantissa == 0 {
		return 0, true
	}
	if power < minPower || power > maxPower {
		return 0, false
	}
	ten := &powers[power-minPower]
	zeros := bits.LeadingZeros64(mantissa)
	high, low := bits.Mul64(mantissa<<zeros, ten.mantissa)
	exponent := ten.exponent - zeros + 64
	if high>>63 == 0 {
		high = high<<1 | low>>63
		exponent--
	}
	// The power was cut by less than one unit, so the product lacks less than 2
	// units of high, and what is below high less than 1: the true value lies in
	// [high, high+3).
	const middle = 1 << 10
	rest := high & (1<<11 - 1)
	if rest <= middle && rest+3 >= middle {
		return 0, false
	}
	rounded := high >> 11
	if rest > middle {
		rounded++
	}
	// Both factors are exact, and so is their product: it is in normal range.
	return float64(rounded) * math.Float64frombits(uint64(exponent+11+1023)<<52), true
}
