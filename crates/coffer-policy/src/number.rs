//! Decimal numbers, compared as numbers: `1.50` is `1.5`.

/// A decimal number with at most eighteen digits before and after its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(i128);

impl Number {
    /// Reads a number; nothing where the text is none, or one too large or too fine.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let whole = if whole.is_empty() && !fraction.is_empty() { "0" } else { whole };
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > DIGITS_MAX || fraction.len() > DIGITS_MAX {
            return None;
        }
        let digits = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<i128>() };
        let scale = 10_i128.pow(u32::try_from(DIGITS_MAX - fraction.len()).ok()?);
        let size = digits(whole).ok()? * SCALE + digits(fraction).ok()? * scale;
        Some(Self(if is_negative { -size } else { size }))
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(i128::from(number).saturating_mul(SCALE))
    }
}

const DIGITS_MAX: usize = 18;
const SCALE: i128 = 1_000_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn numbers_are_read_as_numbers() {
        let number = |text| Number::read(text).unwrap();
        assert_eq!(number("7"), Number::from(7));
        assert_eq!(number("-0007.0"), Number::from(-7));
        assert_eq!(number("1.50"), number("+1.5"));
        assert_eq!(number(".5"), number("0.5"));
        assert_eq!(number("5."), number("5"));
        assert_eq!(number("-0"), number("0"));
        assert!(number("9.9") < number("10"));
        assert!(number("-2") < number("-1.999999999999999999"));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".", "x", "1e3", "0x10", "1,5", "1.2.3", "--1", &"9".repeat(40)] {
            assert_eq!(Number::read(text), None, "{text}");
        }
    }
}
