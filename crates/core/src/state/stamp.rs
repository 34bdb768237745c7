//! Times as they are written: UTC, whole seconds, RFC 3339.

use serde::{Deserialize as _, Deserializer, Serializer};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// The beginning of a snapshot's id: sorts as text in the order of time.
pub(super) fn for_name(time: OffsetDateTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    whole(time)
        .format(format)
        .expect("a year of four digits formats")
}

pub(super) fn text(time: OffsetDateTime) -> String {
    whole(time)
        .format(&Rfc3339)
        .expect("a year of four digits formats")
}

/// Times before year 0 or after 9999 cannot be written; a broken clock must not end a backup.
fn whole(time: OffsetDateTime) -> OffsetDateTime {
    let utc = time.to_offset(UtcOffset::UTC).truncate_to_second();
    if (0..=9999).contains(&utc.year()) {
        utc
    } else {
        OffsetDateTime::UNIX_EPOCH
    }
}

pub(super) fn serialize<S: Serializer>(time: &OffsetDateTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*time))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<OffsetDateTime, D::Error> {
    let text = String::deserialize(from)?;
    OffsetDateTime::parse(&text, &Rfc3339).map_err(serde::de::Error::custom)
}
