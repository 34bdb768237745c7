//! Sizes with their unit in the type.

use std::fmt;
use std::str::FromStr;

use crate::Malformed;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

/// An amount of memory in mebibytes, the unit of the option `memory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MiB(pub u64);

/// A size in gibibytes, the unit in which users give disk sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GiB(pub u64);

impl MiB {
    /// Returns the number of bytes, or the largest number there is.
    pub const fn bytes(self) -> u64 {
        self.0.saturating_mul(MIB)
    }
}

impl fmt::Display for MiB {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} MiB", self.0)
    }
}

impl GiB {
    /// Returns the number of bytes, or the largest number there is.
    pub const fn bytes(self) -> u64 {
        self.0.saturating_mul(GIB)
    }
}

impl fmt::Display for GiB {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} GiB", self.0)
    }
}

/// The size of a disk in bytes, written as Proxmox does: `20G`, `512M`, `528K`, `1000`.
///
/// Reading accepts fractions (`1.5G`), as `PVE::JSONSchema::parse_size` does; printing uses the
/// largest unit that is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiskSize(u64);

impl DiskSize {
    /// Takes a number of bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Returns the number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Returns the size in whole gibibytes, rounded up: what a user has to ask for to not shrink.
    pub const fn gib_rounded_up(self) -> GiB {
        GiB(self.0.div_ceil(GIB))
    }
}

impl From<GiB> for DiskSize {
    fn from(size: GiB) -> Self {
        Self(size.bytes())
    }
}

impl fmt::Display for DiskSize {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(TIB, "T"), (GIB, "G"), (MIB, "M"), (KIB, "K")];
        match units
            .iter()
            .find(|(unit, _)| self.0 != 0 && self.0.is_multiple_of(*unit))
        {
            Some((unit, letter)) => write!(out, "{}{letter}", self.0 / unit),
            None => self.0.fmt(out),
        }
    }
}

impl FromStr for DiskSize {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || {
            Malformed::new(
                "a disk size",
                text,
                "expected a number and K, M, G or T, as in `20G`",
            )
        };
        let (number, unit) = match text.char_indices().next_back() {
            Some((at, 'K')) => (&text[..at], KIB),
            Some((at, 'M')) => (&text[..at], MIB),
            Some((at, 'G')) => (&text[..at], GIB),
            Some((at, 'T')) => (&text[..at], TIB),
            _ => (text, 1),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let whole = digits(whole)
            .and_then(|whole| whole.checked_mul(unit))
            .ok_or_else(malformed)?;
        let fraction = part_of(unit, fraction).ok_or_else(malformed)?;
        whole.checked_add(fraction).map(Self).ok_or_else(malformed)
    }
}

fn digits(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// Returns the bytes of a decimal fraction of `unit`, rounded down. More than fifteen digits make
/// no difference to any unit and are refused with the text.
fn part_of(unit: u64, fraction: &str) -> Option<u64> {
    if fraction.len() > 15 {
        return None;
    }
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let bytes = u128::from(digits(fraction)?) * u128::from(unit) / scale;
    u64::try_from(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_print_with_the_largest_exact_unit() {
        let table = [
            (0, "0"),
            (1000, "1000"),
            (540_672, "528K"),
            (67_108_864, "64M"),
            (1_610_612_736, "1536M"),
            (21_474_836_480, "20G"),
            (TIB, "1T"),
        ];
        for (bytes, text) in table {
            assert_eq!(DiskSize::from_bytes(bytes).to_string(), text);
        }
    }

    #[test]
    fn fractions_are_read_and_junk_is_not() {
        assert_eq!("1.5G".parse(), Ok(DiskSize::from_bytes(1_610_612_736)));
        assert_eq!("0.125G".parse(), Ok(DiskSize::from_bytes(134_217_728)));
        for text in [
            "",
            "G",
            "1.",
            ".5G",
            "-1G",
            "+1G",
            "3GiB",
            "1g",
            "1 G",
            "99999999999T",
            "1.2.3",
        ] {
            assert!(text.parse::<DiskSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_part_of_a_gibibyte_counts_as_one() {
        assert_eq!(DiskSize::from_bytes(GIB + 1).gib_rounded_up(), GiB(2));
        assert_eq!(DiskSize::from_bytes(GIB).gib_rounded_up(), GiB(1));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(bytes in any::<u64>()) {
            let size = DiskSize::from_bytes(bytes);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }

        #[test]
        fn any_text_is_refused_or_survives_printing(text in any::<String>()) {
            if let Ok(read) = text.parse::<DiskSize>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
