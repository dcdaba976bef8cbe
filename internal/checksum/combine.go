package checksum

// Combine returns the CRC-32 of two parts, one after the other, from those of the
// parts and the length of the second.
func Combine(first, second uint32, length int64) uint32 {
	return times(power(length), first) ^ second
}

// Polynomials over GF(2) modulo that of CRC-32 (IEEE), with the coefficients in
// reversed order: the highest bit is that of x^0.
const (
	polynomial = 0xedb88320
	one        = 1 << 31
)

// times returns a·b.
func times(a, b uint32) uint32 {
	var product uint32
	for bit := uint32(one); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= polynomial
		}
	}
	return product
}

// power returns x^(8·n).
func power(n int64) uint32 {
	result, square := uint32(one), uint32(one>>8) // 1 and x^8
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = times(result, square)
		}
		square = times(square, square)
	}
	return result
}
