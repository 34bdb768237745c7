//! Numbers across types, and sizes in text.

/// Bytes of a size such as `1G`, `0.5G` or `1024`; `None` when it is none.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let (number, factor) = match text.char_indices().last()? {
        (at, 'K') => (&text[..at], 1 << 10),
        (at, 'M') => (&text[..at], 1 << 20),
        (at, 'G') => (&text[..at], 1 << 30),
        (at, 'T') => (&text[..at], 1 << 40),
        _ => (text, 1),
    };
    scaled(number, factor)
}

/// `number` times `factor`, rounded down; exact for whole numbers.
pub(crate) fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().ok()?;
    let digits: String = fraction.chars().take(15).collect();
    let part = if digits.is_empty() {
        0
    } else {
        let scale = 10_u128.checked_pow(u32::try_from(digits.len()).ok()?)?;
        u64::try_from(digits.parse::<u128>().ok()? * u128::from(factor) / scale).ok()?
    };
    whole.checked_mul(factor)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_unit_and_fraction() {
        let read = [
            "0.5G",
            "64M",
            "536871424",
            "1T",
            "1089M",
            "0.125G",
            "",
            "G",
            "1.5X",
        ]
        .map(parse_size)
        .to_vec();
        let expected = [
            Some(1 << 29),
            Some(64 << 20),
            Some(536_871_424),
            Some(1 << 40),
            Some(1_141_899_264),
            Some(1 << 27),
            None,
            None,
            None,
        ];
        assert_eq!(read, expected);
    }
}
