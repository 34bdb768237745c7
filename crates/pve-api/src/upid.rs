//! The identifier of a task.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};

use crate::{Malformed, NodeName};

/// The identifier of a task: `UPID:node:pid:pstart:starttime:type:id:user:` (PVE/UPID.pm).
///
/// Numbers are hexadecimal. `user` is a user or a token. Kept with its text, since the text is
/// what the host looks up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Upid {
    text: String,
    node: NodeName,
    start: u64,
    kind: String,
    id: String,
    user: String,
}

impl Upid {
    /// Returns the node that runs the task.
    pub fn node(&self) -> &NodeName {
        &self.node
    }

    /// Returns when the task started, in seconds of the epoch by the host's clock.
    pub fn start_time(&self) -> u64 {
        self.start
    }

    /// Returns the type, as in `qmclone`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns what the task works on; for `qmclone` the VMID of the *source*.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the user or token that started the task.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns the whole identifier.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Upid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(out)
    }
}

fn hex(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain && lengths.contains(&text.len()) {
        u64::from_str_radix(text, 16).ok()
    } else {
        None
    }
}

fn parse(text: &str) -> Option<Upid> {
    let fields: Vec<&str> = text.split(':').collect();
    let ["UPID", node, pid, pstart, start, kind, id, user, ""] = fields[..] else {
        return None;
    };
    hex(pid, 8..=8)?;
    hex(pstart, 8..=9)?;
    let named = |field: &str| !field.is_empty() && !field.contains(char::is_whitespace);
    if !named(kind) || !named(user) || id.contains(char::is_whitespace) {
        return None;
    }
    Some(Upid {
        text: text.to_owned(),
        node: NodeName::new(node).ok()?,
        start: hex(start, 8..=8)?,
        kind: kind.to_owned(),
        id: id.to_owned(),
        user: user.to_owned(),
    })
}

impl FromStr for Upid {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        parse(text).ok_or_else(|| {
            Malformed::new(
                "a task id",
                text,
                "expected UPID:node:pid:pstart:start:type:id:user:",
            )
        })
    }
}

impl<'de> Deserialize<'de> for Upid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLONE: &str = "UPID:pve:00001201:0001EC94:68E7D2A0:qmclone:9000:talos@pve!tk:";

    #[test]
    fn the_parts_are_read() {
        let upid: Upid = CLONE.parse().expect("well formed");
        assert_eq!(upid.node().as_str(), "pve");
        assert_eq!(upid.start_time(), 0x68E7_D2A0);
        assert_eq!(
            (upid.kind(), upid.id(), upid.user()),
            ("qmclone", "9000", "talos@pve!tk")
        );
        assert_eq!(upid.to_string(), CLONE);
    }

    #[test]
    fn what_the_host_refuses_is_refused() {
        for text in [
            "foo",
            "UPID:pve:zz:0001EC94:00000001:qmcreate:9000:talos@pve!tk:",
            "UPID:pve:00001201:0001EC94:00000001:qmcreate:9000:talos@pve!tk",
            "UPID:pve:00001201:0001EC94:00000001::9000:talos@pve:",
            "UPID:p/e:00001201:0001EC94:00000001:qmstart:9000:talos@pve:",
        ] {
            assert!(text.parse::<Upid>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_long_uptime_and_no_id_are_fine() {
        let text = "UPID:pve:00001201:10001EC94:68E7D2A0:aptupdate::root@pam:";
        assert_eq!(
            text.parse::<Upid>().map(|upid| upid.id().to_owned()),
            Ok(String::new())
        );
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_survives_printing(text in "(UPID:)?[ -~é:]{0,80}") {
            if let Ok(read) = text.parse::<Upid>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
