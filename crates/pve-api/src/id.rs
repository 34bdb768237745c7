//! Names and numbers that identify things of a host.
//!
//! Each is a type of its own, so that a storage cannot be passed for a node; each accepts what
//! Proxmox accepts and nothing that could break out of a path segment or a property string.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};

use crate::Malformed;
use crate::lenient::Scalar;

/// The number of a VM or a container, 100 to 999999999 (PVE/JSONSchema.pm: `pve_verify_vmid`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VmId(u32);

impl VmId {
    /// The smallest VMID.
    pub const MIN: Self = Self(100);
    /// The largest VMID.
    pub const MAX: Self = Self(999_999_999);

    /// Checks the range.
    pub fn new(number: u32) -> Result<Self, Malformed> {
        if (Self::MIN.0..=Self::MAX.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(Malformed::new(
                "a VMID",
                &number.to_string(),
                "expected 100 to 999999999",
            ))
        }
    }

    /// Returns the plain number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for VmId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for VmId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| plain);
        number
            .and_then(|number| Self::new(number).ok())
            .ok_or_else(|| {
                Malformed::new(
                    "a VMID",
                    text,
                    "expected a number from 100 to 999999999 without leading zeros",
                )
            })
    }
}

impl<'de> Deserialize<'de> for VmId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer)?
            .0
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Declares a checked name: one line of documentation, what it is called, its rule in words and
/// in code.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $rule:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// Checks the text against the rule of this name.
            pub fn new(text: impl Into<String>) -> Result<Self, Malformed> {
                let accepts: fn(&str) -> bool = $accepts;
                let text = text.into();
                if accepts(&text) { Ok(Self(text)) } else { Err(Malformed::new($what, &text, $rule)) }
            }

            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl FromStr for $type {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(Scalar::deserialize(deserializer)?.0).map_err(de::Error::custom)
            }
        }
    };
}

name! {
    /// The name of a node of the cluster: a DNS label.
    NodeName, "a node name", "expected letters, digits and inner hyphens", is_dns_label
}
name! {
    /// The name of a storage.
    StorageId, "a storage name", "expected a letter, then letters, digits, `-`, `_` or `.`",
    |text| starts_with_letter(text) && only(text, "-_.")
}
name! {
    /// The name of a resource pool; `/` separates nested pools.
    PoolId, "a pool name", "expected letters, digits, `-`, `_`, `.` or `/`",
    |text| !text.is_empty() && only(text, "-_./")
}
name! {
    /// The name of a bridge or a virtual network.
    BridgeName, "a bridge name", "expected letters, digits, `-`, `_` or `.`",
    |text| !text.is_empty() && only(text, "-_.")
}
name! {
    /// The name of a hardware mapping.
    MappingId, "a mapping name", "expected a letter, then letters, digits, `-` or `_`",
    |text| starts_with_letter(text) && only(text, "-_")
}
name! {
    /// The name of a VM: DNS labels joined by dots. Names are not unique on a host.
    VmName, "a VM name", "expected DNS labels (letters, digits, inner hyphens) joined by dots",
    |text| text.split('.').all(is_dns_label)
}
name! {
    /// A user with its realm, as in `root@pam`.
    UserId, "a user name", "expected user@realm, as in `root@pam`", is_user
}
name! {
    /// An API token with its user, as in `root@pam!automation`.
    TokenId, "an API token id", "expected user@realm!name, as in `root@pam!automation`",
    |text| text.rsplit_once('!').is_some_and(|(user, name)| is_user(user) && is_realm_like(name))
}

impl TokenId {
    /// Returns the user that the token belongs to.
    pub fn user(&self) -> UserId {
        let user = self.0.rsplit_once('!').map_or("", |(user, _)| user);
        UserId(user.to_owned())
    }
}

impl UserId {
    /// Returns whether this is the one user that may set raw PCI addresses, `args` and the like,
    /// when logged in with a password.
    pub fn is_root(&self) -> bool {
        self.0 == "root@pam"
    }
}

fn only(text: &str, punctuation: &str) -> bool {
    text.chars()
        .all(|char| char.is_ascii_alphanumeric() || punctuation.contains(char))
}

fn starts_with_letter(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_alphabetic())
}

fn is_dns_label(text: &str) -> bool {
    !text.is_empty() && only(text, "-") && !text.starts_with('-') && !text.ends_with('-')
}

fn is_realm_like(text: &str) -> bool {
    text.len() >= 2 && starts_with_letter(text) && only(text, ".-_")
}

fn is_user(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(name, realm)| {
        !name.is_empty()
            && is_realm_like(realm)
            && !name.contains([':', '/', '!'])
            && !name.contains(|char: char| char.is_whitespace() || char.is_control())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vmids_are_plain_numbers_in_range() {
        assert_eq!("100".parse::<VmId>().map(VmId::get), Ok(100));
        assert_eq!("999999999".parse(), Ok(VmId::MAX));
        for text in [
            "99",
            "0100",
            "1000000000",
            "-100",
            "+100",
            "1e3",
            "",
            " 100",
            "99999999999999",
        ] {
            assert!(text.parse::<VmId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_refused_name_says_what_and_why() {
        let error = NodeName::new("pve/../x").expect_err("a path");
        assert_eq!(
            error.to_string(),
            "`pve/../x` is not a node name: expected letters, digits and inner hyphens"
        );
    }

    #[test]
    fn names_follow_proxmox() {
        assert!(NodeName::new("pve").is_ok() && NodeName::new("-pve").is_err());
        assert!(StorageId::new("local-lvm").is_ok() && StorageId::new("1local").is_err());
        assert!(BridgeName::new("vmbr0,tag=5").is_err() && BridgeName::new("vmbr0.100").is_ok());
        assert!(VmName::new("cp-1.example").is_ok() && VmName::new("bad_name").is_err());
        assert!(VmName::new("").is_err() && VmName::new("a b").is_err());
        assert!(MappingId::new("gpu0").is_ok() && MappingId::new("9 x").is_err());
    }

    #[test]
    fn a_token_knows_its_user() {
        let token = TokenId::new("em-infra@pve!terraform").expect("well formed");
        assert_eq!(token.user().as_str(), "em-infra@pve");
        for text in [
            "root@pam",
            "root!tk",
            "root@pam!",
            "root@pam!x",
            "root@pam!1x",
            "a:b@pam!tk",
        ] {
            assert!(TokenId::new(text).is_err(), "{text}");
        }
    }
}
