//! The text form of a marker: one HTML comment of `key=value` words.
//!
//! A comment, because the Proxmox interface renders descriptions as Markdown and hides it.
//! Values are percent-encoded, so that neither `-->` nor a blank can occur in them; the last word
//! is a check sum over the words before it, joined by single blanks.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use pve_api::{MappingId, PciAddress};
use uuid::Uuid;

use super::{AttemptId, FORMAT, Found, Marker, MarkerKey};
use crate::{AddressMode, Addressing, Argument, CloneMode, Origin, Role};

pub(super) const OPEN: &str = "<!-- em-infra:";
pub(super) const CLOSE: &str = "-->";

/// Left as they are: what names, addresses, versions and lists are made of. `<`, `>`, blanks and
/// `%` are encoded.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'/')
    .remove(b':');

impl Marker {
    /// Prints the marker as one line.
    pub fn print(&self) -> String {
        let words = self.words();
        format!("{OPEN}{words} sum={:08x} {CLOSE}", check_sum(&words))
    }

    fn words(&self) -> String {
        let mut words = vec![FORMAT.to_string()];
        for (key, value) in self.fields() {
            words.push(format!("{key}={value}"));
        }
        words.join(" ")
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let managed: Vec<&str> = self
            .managed
            .iter()
            .map(|argument| argument.name())
            .collect();
        let mut fields = vec![
            ("env", encode(&self.key.env_name)),
            ("name", encode(&self.key.name)),
            ("vmid", self.key.vmid.to_string()),
            ("attempt", self.attempt.to_string()),
        ];
        fields.extend(self.origin.fields());
        fields.extend(self.reserved.iter().flat_map(Addressing::fields));
        if !self.devices.is_empty() {
            let devices = self.devices.iter();
            let devices: Vec<String> = devices
                .map(|(mapping, address)| format!("{mapping}@{address}"))
                .collect();
            fields.push(("devices", devices.join(",")));
        }
        fields.push(("manages", managed.join(",")));
        fields
    }
}

impl Origin {
    fn fields(&self) -> impl Iterator<Item = (&'static str, String)> {
        let Self {
            template,
            clone,
            pool,
            role,
            talos_version,
        } = self;
        let fields = [
            ("template", Some(encode(template))),
            ("clone", clone.map(|mode| mode.name().to_owned())),
            ("pool", pool.as_deref().map(encode)),
            ("role", role.map(|role| role.name().to_owned())),
            ("talos", talos_version.as_deref().map(encode)),
        ];
        fields
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
    }
}

impl Addressing {
    fn fields(&self) -> impl Iterator<Item = (&'static str, String)> {
        let Self {
            mode,
            address,
            prefix_length,
            gateway,
            nameservers,
        } = self;
        let fields = [
            ("mode", mode.map(|mode| mode.name().to_owned())),
            ("address", address.map(|address| address.to_string())),
            ("prefix", prefix_length.map(|length| length.to_string())),
            ("gateway", gateway.map(|gateway| gateway.to_string())),
            ("dns", nameservers.as_deref().map(list)),
        ];
        fields
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
    }
}

fn encode(value: &str) -> String {
    utf8_percent_encode(value, ESCAPED).to_string()
}

fn list(values: &[String]) -> String {
    values
        .iter()
        .map(|value| encode(value))
        .collect::<Vec<_>>()
        .join(",")
}

/// FNV-1a. It is there to notice an edit by hand, not to withstand an adversary.
fn check_sum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// Reads what stands between [`OPEN`] and [`CLOSE`].
pub(super) fn parse(inner: &str) -> Found {
    let mut words: Vec<&str> = inner.split_whitespace().collect();
    match words.first().and_then(|word| word.parse::<u32>().ok()) {
        None => return Found::Damaged("it has no format number"),
        Some(format) if format > FORMAT => return Found::Newer(format),
        Some(FORMAT) => {}
        Some(_) => return Found::Damaged("its format number was never in use"),
    }
    let sum = words.pop().and_then(|word| word.strip_prefix("sum="));
    let Some(sum) = sum.and_then(|sum| u32::from_str_radix(sum, 16).ok()) else {
        return Found::Damaged("its check sum is missing");
    };
    if sum != check_sum(&words.join(" ")) {
        return Found::Damaged("it was edited: its check sum does not match");
    }
    match Fields::split(&words[1..]).and_then(Fields::marker) {
        Ok(marker) => Found::Marker(Box::new(marker)),
        Err(BadField) => Found::Damaged("a field is missing or not readable"),
    }
}

/// A field that is missing, unknown, given twice or not readable.
struct BadField;

struct Fields<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Fields<'a> {
    fn split(words: &[&'a str]) -> Result<Self, BadField> {
        let mut fields = BTreeMap::new();
        for word in words {
            let (key, value) = word.split_once('=').ok_or(BadField)?;
            if fields.insert(key, value).is_some() {
                return Err(BadField);
            }
        }
        Ok(Self(fields))
    }

    /// Takes every field out; one that is left over is none of this format.
    fn marker(mut self) -> Result<Marker, BadField> {
        let marker = Marker {
            key: MarkerKey {
                env_name: self.text("env").ok_or(BadField)?,
                name: self.text("name").ok_or(BadField)?,
                vmid: self.required("vmid", |text| text.parse().ok())?,
            },
            attempt: AttemptId(self.required("attempt", |text| Uuid::try_parse(text).ok())?),
            origin: self.origin()?,
            reserved: self.reserved()?,
            devices: self.optional("devices", devices)?.unwrap_or_default(),
            managed: self.required("manages", managed)?,
        };
        if self.0.is_empty() {
            Ok(marker)
        } else {
            Err(BadField)
        }
    }

    fn origin(&mut self) -> Result<Origin, BadField> {
        Ok(Origin {
            template: self.text("template").ok_or(BadField)?,
            clone: self.optional("clone", CloneMode::from_name)?,
            pool: self.text("pool"),
            role: self.optional("role", Role::from_name)?,
            talos_version: self.text("talos"),
        })
    }

    fn reserved(&mut self) -> Result<Option<Addressing>, BadField> {
        let addressing = Addressing {
            mode: self.optional("mode", AddressMode::from_name)?,
            address: self.optional("address", |text| text.parse().ok())?,
            prefix_length: self.optional("prefix", |text| text.parse().ok())?,
            gateway: self.optional("gateway", |text| text.parse().ok())?,
            nameservers: self.optional("dns", |text| Some(words(text).map(decode).collect()))?,
        };
        Ok((addressing != Addressing::default()).then_some(addressing))
    }

    fn text(&mut self, key: &str) -> Option<String> {
        self.0.remove(key).map(decode)
    }

    fn required<T>(&mut self, key: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, BadField> {
        self.0.remove(key).and_then(read).ok_or(BadField)
    }

    fn optional<T>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, BadField> {
        self.0
            .remove(key)
            .map(|text| read(text).ok_or(BadField))
            .transpose()
    }
}

fn managed(text: &str) -> Option<BTreeSet<Argument>> {
    words(text).map(|name| name.parse().ok()).collect()
}

fn devices(text: &str) -> Option<BTreeMap<MappingId, PciAddress>> {
    words(text)
        .map(|word| {
            let (mapping, address) = word.split_once('@')?;
            Some((mapping.parse().ok()?, address.parse().ok()?))
        })
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|word| !word.is_empty())
}

fn decode(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}
