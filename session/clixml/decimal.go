package clixml

import (
	"math/big"
	"strings"
)

// parseDecimal reads a .NET Decimal and gives its invariant text: the scale is
// kept, a plus sign and needless zeros in front are not.
func parseDecimal(s string) (string, bool) {
	sign, digits := "", s
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if digits = s[1:]; s[0] == '-' {
			sign = "-"
		}
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" && fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return "", false
	}
	if len(whole)+len(fraction) > 28 || whole == "" || whole[0] == '0' && len(whole) > 1 || strings.HasSuffix(digits, ".") {
		return canonicalDecimal(sign, whole, fraction)
	}
	if s[0] == '+' {
		return digits, true
	}
	return s, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// canonicalDecimal puts a decimal into 96 bits and a scale of at most 28, the
// last digit rounded half to even as .NET does.
func canonicalDecimal(sign, whole, fraction string) (string, bool) {
	whole = strings.TrimLeft(whole, "0")
	if len(whole) > 29 {
		return "", false
	}
	// More digits than these cannot change a rounding other than as "more than half".
	if len(fraction) > 64 {
		sticky := strings.Trim(fraction[64:], "0") != ""
		if fraction = fraction[:64]; sticky {
			fraction = fraction[:63] + "1"
		}
	}
	limit := new(big.Int).Lsh(big.NewInt(1), 96)
	for scale := min(len(fraction), 28); scale >= 0; scale-- {
		n, _ := new(big.Int).SetString("0"+whole+fraction[:scale], 10)
		if roundsUp(n, fraction[scale:]) {
			n.Add(n, big.NewInt(1))
		}
		if n.Cmp(limit) < 0 {
			return sign + decimalText(n.String(), scale), true
		}
	}
	return "", false
}

// roundsUp tells whether n with the digits rest behind it is nearer to n+1.
func roundsUp(n *big.Int, rest string) bool {
	if rest == "" || rest[0] < '5' {
		return false
	}
	return rest[0] > '5' || strings.Trim(rest[1:], "0") != "" || n.Bit(0) == 1
}

func decimalText(digits string, scale int) string {
	if scale == 0 {
		return digits
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale+1-len(digits)) + digits
	}
	return digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// Compare orders decimals by their number: "1.0" and "1.00" compare as equal.
// A text that is no decimal counts as 0.
func (d Decimal) Compare(other Decimal) int {
	a, ok := new(big.Rat).SetString(string(d))
	if !ok {
		a = new(big.Rat)
	}
	b, ok := new(big.Rat).SetString(string(other))
	if !ok {
		b = new(big.Rat)
	}
	return a.Cmp(b)
}
